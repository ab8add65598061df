import pytest

SLUG = "loose-installation"
PAIRS = [
    ("pip install -r requirements.txt", "pip install --require-hashes -r requirements.txt"),
    ("python3 -m pip install flask==3.0.3", "python -m pip install --no-deps ."),
    ("pip3 install -U x", "pip3 install --require-hashes -r x.txt"),
    ("uv pip install x", "uv pip install --require-hashes -r x.txt"),
    ("uv sync", "uv sync --locked"),
    ("uv sync --group dev", "uv sync --frozen --group dev"),
    ("poetry install", "poetry sync --only main"),
    ("pipenv install", "pipenv install --deploy"),
    ("npm install", "npm ci"),
    ("npm i --omit=dev", "npm ci --omit=dev --ignore-scripts"),
    ("yarn install", "yarn install --immutable"),
    ("yarn", "yarn install --frozen-lockfile"),
    ("pnpm install", "pnpm install --frozen-lockfile"),
    ("pnpm i --no-frozen-lockfile", "pnpm i --frozen-lockfile"),
]


@pytest.mark.parametrize(("loose", "locked"), PAIRS)
def test_commands(lines, loose, locked):
    for path, line in (
        ("Dockerfile", "RUN {}"),
        (".github/workflows/ci.yml", "      - run: {}"),
        ("deploy.sh", "sudo {}"),
    ):
        assert lines(SLUG, {path: f"x\n{line.format(loose)}\n"}) == [[f"{path}:2"], []]
        assert lines(SLUG, {path: f"x\n{line.format(locked)}\n"}) == [[], [f"{path}:2"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN apt-get update && pip install x && rm -r y\n", [1]),
        ("RUN pip install \\\n    --no-cache-dir \\\n    -r x.txt\nRUN true\n", [1]),
        ("RUN pip install \\\n    --require-hashes -r x.txt\n", []),
        ("# RUN pip install x\n", []),
        ("COPY pip install x\n", []),
        ("RUN echo done # pip install x\n", []),
        ("RUN npm install-test-helper\n", []),
        ("RUN npm run install\nRUN pip-audit\nRUN yarn build\n", []),
    ],
)
def test_images(lines, text, found):
    assert lines(SLUG, {"Dockerfile": text})[0] == [f"Dockerfile:{line}" for line in found]


@pytest.mark.parametrize("path", ["compose.yaml", "tests/run.sh", "scripts/dev.sh", "docs/Dockerfile"])
def test_other_files_are_not_asked(lines, path):
    assert lines(SLUG, {path: "RUN pip install x\n"}) == [[], []]

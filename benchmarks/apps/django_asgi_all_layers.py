"""Django under ASGI with every layer of the guard on, for a harness that takes `benchmarks.apps.django_asgi_all_layers:app`."""

from benchmarks.apps.django_all_layers import build

app = build(asgi=True)

"""Django under WSGI with every layer of the guard on, for a harness that takes this module's `app`."""

from benchmarks.apps.django_all_layers import build

app = build(asgi=False)

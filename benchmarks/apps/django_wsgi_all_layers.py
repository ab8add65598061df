"""Django under WSGI with every layer of the guard on, for a harness that takes `benchmarks.apps.django_wsgi_all_layers:app`."""

from benchmarks.apps.django_all_layers import build

app = build(asgi=False)

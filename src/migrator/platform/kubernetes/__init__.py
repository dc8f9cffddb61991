"""The Kubernetes platform: raw JSON objects over the official client's transport.

Typed models would drop the fields that they do not know, so no model stands between a team's
manifest and the server. `transport.py` is the one door to the library; everything beside it is
asked for by `rest.py` and tested against an API server that runs inside the tests.
"""

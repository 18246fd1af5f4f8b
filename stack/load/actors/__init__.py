"""Attackers, and people who only look like them: programs of their own, beside the ordinary visitors.

`python -m load.actors --order FILE --target URL --requests FILE` plays one of them, with the ordinary visitors' HTTP
client, header order and generator of ids. What it sends is decided by its order alone, before anything is sent.
"""

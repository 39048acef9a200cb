"""The stages that every request to the API passes, one module for each.

In order: ``routing`` (which operation), ``middleware`` and ``faults`` (what goes wrong on the way),
``versions``, ``authentication``, ``emulation`` (501 for what is missing), ``permission``, ``arguments``,
``validation``, ``idempotency``, then the route itself, and ``responses``. ``dispatch`` runs them.
"""

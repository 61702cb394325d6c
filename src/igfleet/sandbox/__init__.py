"""The simulated Instagram: a forward proxy on loopback that answers for Instagram's hosts and keeps a ledger.

The real client libraries and a real browser talk to it unchanged; operators rehearse a campaign on it.
"""

"""The queue of account tasks: promote, claim, renew, report, finish, rescue. The only writer of their states."""

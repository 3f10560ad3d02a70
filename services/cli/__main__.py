"""`python -m services.cli` is `salesledger`."""

from services.cli.app import main

main()

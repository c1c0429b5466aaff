"""`python -m service` is the command `skypatrol`."""

from service.entry import main

main()

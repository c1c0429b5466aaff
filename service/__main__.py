"""`python -m service` is the command `skypatrol`."""

from service.command_line import main

main()

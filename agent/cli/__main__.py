"""`python -m thymos.agent.cli`: the `thymos` command, for launchers that want a module (`accelerate launch -m`)."""

from thymos.agent.cli import main

main()

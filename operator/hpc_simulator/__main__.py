"""`python -m hpc_simulator` is the same as the console script `hpc-simulator`."""

from hpc_simulator.cli import main

if __name__ == "__main__":
    main()

"""All measurements, one after the other."""

from benchmarks import first_level, load

if __name__ == "__main__":
    first_level.main([])
    load.main([])

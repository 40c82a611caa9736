"""What every process needs: clock, ids, configuration, logging, health, metrics. Knows no shop."""

"""What operators see of the traffic: metrics and log lines, both made from outcomes, never from prompts or answers."""

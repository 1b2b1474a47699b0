"""Where secret values come from: only references to them are ever configured, logged or stored."""

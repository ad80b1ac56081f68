"""From finished stages to tables that one would publish."""

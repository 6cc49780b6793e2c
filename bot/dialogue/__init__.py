"""The pure core: values, the fold, the policy table and the turn. No clock, chance, disk, socket or log."""

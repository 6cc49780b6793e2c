"""A diagram of a bot: how its rules, stories and forms go, as one page or one picture."""

"""What `zoo.eject` puts beside a recipe, so that it runs without the zoo."""

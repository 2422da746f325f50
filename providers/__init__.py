"""What a Pulumi engine talks to: the twin of the clouds, and the provider for さくらのクラウド."""

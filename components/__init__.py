"""How a tenant is built: one folder a cloud, the same five layers in each."""

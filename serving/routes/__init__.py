"""The routes. Each module adds its own to the application; each route names who may call it."""

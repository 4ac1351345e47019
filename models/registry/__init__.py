"""Experiments and models in MLflow. Nothing else in `models` knows MLflow."""

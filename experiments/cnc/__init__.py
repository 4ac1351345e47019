"""Tool wear of a milling machine: is the tool worn, experiment by experiment?"""

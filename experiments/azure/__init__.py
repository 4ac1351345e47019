"""Microsoft's machines with four components: which failures are warned of a day ahead, at how many false warnings?"""

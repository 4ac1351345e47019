"""The words of the field as types. Standard library only: the gateway carries this package too."""

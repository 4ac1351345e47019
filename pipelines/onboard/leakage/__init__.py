"""The leakage probe: does a column, a group of columns, or the split know what nobody could have known?"""

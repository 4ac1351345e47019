"""Quality of each measurement: what is set aside on the way in and, later, what each reading is worth."""

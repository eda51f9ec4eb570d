"""What accounts, assets, amounts and times are: values that every layer shares."""

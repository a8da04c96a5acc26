"""CKAN extension of Madang: a dataset's files and table change together, release by release."""

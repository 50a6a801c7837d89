"""Captions of synthetic people in English and Chinese, and the words that each value goes by."""

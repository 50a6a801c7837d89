"""Textures: albedo from the field's regions, normal and ORM maps, procedural eyes and mouth."""

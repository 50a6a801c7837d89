"""Textures: albedo from the field's regions, normal and occlusion-roughness-metallic maps, procedural eyes and mouth."""

-- What is special about a refused file is told with every answer about it, as it is in video.rejected.

-- Follows the sentence of the code; null: nothing more is known, or refused before this column.
ALTER TABLE uploads ADD COLUMN detail text;

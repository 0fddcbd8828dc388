-- How a camera of type rtsp sends its pictures: tcp or udp; null: over TCP.
ALTER TABLE cameras ADD COLUMN source_transport text;

"""What only one of the two databases knows, as it was at version 0001."""

SQLITE = (
    "CREATE VIRTUAL TABLE place_boxes USING rtree(id, west, east, south, north)",
    """CREATE TRIGGER place_is_added AFTER INSERT ON places BEGIN
  INSERT INTO place_boxes VALUES
    (new.id, new.west_deg, new.east_deg, new.south_deg, new.north_deg);
END""",
    """CREATE TRIGGER place_is_moved AFTER UPDATE ON places BEGIN
  UPDATE place_boxes SET west = new.west_deg, east = new.east_deg,
    south = new.south_deg, north = new.north_deg WHERE id = new.id;
END""",
    """CREATE TRIGGER place_is_removed AFTER DELETE ON places BEGIN
  DELETE FROM place_boxes WHERE id = old.id;
END""",
    """CREATE TRIGGER access_is_not_changed BEFORE UPDATE ON access_log BEGIN
  SELECT RAISE(ABORT, 'the access log is only ever added to');
END""",
    """CREATE TRIGGER access_is_not_removed BEFORE DELETE ON access_log BEGIN
  SELECT RAISE(ABORT, 'the access log is only ever added to');
END""",
)
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS postgis",
    """ALTER TABLE places ADD COLUMN box geometry(Polygon, 4326) GENERATED ALWAYS AS
  (ST_MakeEnvelope(west_deg, south_deg, east_deg, north_deg, 4326)) STORED""",
    "CREATE INDEX place_boxes ON places USING gist (box)",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the access log is only ever added to'; END $$""",
    """CREATE TRIGGER access_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)

CREATE = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
DROP = {
    "sqlite": (
        "DROP TRIGGER place_is_added",
        "DROP TRIGGER place_is_moved",
        "DROP TRIGGER place_is_removed",
        "DROP TABLE place_boxes",
    ),
    # PostGIS stays, others may use it.
    "postgresql": ("DROP FUNCTION refuse_change() CASCADE",),
}

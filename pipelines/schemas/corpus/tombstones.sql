CREATE TABLE tombstones (
  target_kind VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  through_seq BIGINT NOT NULL,
  reason VARCHAR NOT NULL,
  withdrawn_by VARCHAR NOT NULL
);
COMMENT ON TABLE tombstones IS 'One row per withdrawal: the delivery, night or document that no current record may come from.';
COMMENT ON COLUMN tombstones.target_kind IS 'delivery, night or document';
COMMENT ON COLUMN tombstones.target IS 'Delivery id, night or doc_id that is hidden';
COMMENT ON COLUMN tombstones.through_seq IS 'Version up to which rows are hidden; later deliveries count again';
COMMENT ON COLUMN tombstones.reason IS 'Why, as the operator wrote';
COMMENT ON COLUMN tombstones.withdrawn_by IS 'Who';

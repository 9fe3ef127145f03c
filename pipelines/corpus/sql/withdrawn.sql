-- Deliveries and nights that were withdrawn.
SELECT DISTINCT target FROM corpus.tombstones WHERE target_kind IN ('delivery', 'night')

SELECT doc_id FROM cur.status WHERE status = 'retracted'

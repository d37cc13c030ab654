from headrace.model.ids import new_job_id


def test_ids_made_by_one_process_sort_in_the_order_they_were_made() -> None:
    ids = [new_job_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000

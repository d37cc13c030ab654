-- Whether the payload of the job ? is still ?.
SELECT payload = ?2 FROM headrace_bodies WHERE seq = ?1

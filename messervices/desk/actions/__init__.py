from messervices.desk.actions.correct import correct_fact, keep_proof
from messervices.desk.actions.decide_case import decide_case
from messervices.desk.actions.opening import count_file, count_search, open_file

__all__ = ["correct_fact", "count_file", "count_search", "decide_case", "keep_proof", "open_file"]

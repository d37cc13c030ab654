"""Every error code of the command, with what it means and what helps. ``headrace explain CODE`` prints one.

The first two digits are the exit code. A code keeps its meaning for ever; a test compares this table with the source.
"""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """What there is to say about a code."""

    title: str
    text: str


CODES: dict[str, Page] = {
    "HR-E0101": Page(
        "something happened that nobody expected",
        "headrace, or something it uses, has a fault. The error names a file with the traceback, the versions and the "
        "command line (passwords masked). --debug shows the traceback at once.",
    ),
    "HR-E0102": Page(
        "a worker of the demo did not do what it should",
        "It ended too early or did not become ready. Its own messages are in the notes, or in its log file.",
    ),
    "HR-E0103": Page(
        "a command of another package is broken",
        "It could not be imported, or is no Click command. All other commands work; upgrade or remove the package.",
    ),
    "HR-E0201": Page(
        "the command line cannot be read",
        "A command, an option or a value is not known, or something is missing. The underlined word is the wrong one; "
        "--help of the command shows what it takes.",
    ),
    "HR-E0202": Page(
        "no store is given",
        "A command has to know where the jobs are. It looks at --store, HEADRACE_STORE, the project file and the "
        "profile in use, then for headrace.db in the working folder, and then asks the app that the setting app names.",
    ),
    "HR-E0203": Page(
        "the store lives in another process",
        "memory:// is seen by the process that made it and by no other. Use a file, sqlite:///jobs.db.",
    ),
    "HR-E0204": Page(
        "the name of the app cannot be read",
        "An app is module:attribute, as in myapp.tasks:app, with dots and without .py. The attribute may be left out "
        "when the module holds one Headrace.",
    ),
    "HR-E0205": Page(
        "there is no such module",
        "The working folder and the installed packages were searched. Start from the folder that holds the package.",
    ),
    "HR-E0206": Page(
        "importing the app failed",
        "The module raised an error while it was imported; the note says where. --debug shows the whole traceback.",
    ),
    "HR-E0207": Page("the module has no such attribute", "The name after the colon is not in the module."),
    "HR-E0208": Page("the attribute is no app", "What the name stands for is not a Headrace."),
    "HR-E0209": Page("the module holds no app", 'An app is made by: app = Headrace("sqlite:///jobs.db").'),
    "HR-E0210": Page("the module holds several apps", "Say which one: module:attribute."),
    "HR-E0211": Page("a queue's name cannot be used", "1 to 128 printable characters without spaces."),
    "HR-E0212": Page("the number of jobs at once cannot be read", "Write --queue NAME=N with N at least 1."),
    "HR-E0213": Page(
        "the app has no tasks",
        "A task registers when its module is imported. Import the modules with tasks where the app is made.",
    ),
    "HR-E0214": Page(
        "the arguments do not fit the task",
        "They were compared with the function's signature and its annotations. Nothing was enqueued.",
    ),
    "HR-E0215": Page(
        "a setting is wrong",
        "The message names the setting, its value, and the file and line or the variable it comes from. "
        "headrace config validate lists everything that is wrong at once.",
    ),
    "HR-E0216": Page("the request cannot be carried out as it stands", "The message says what to ask for instead."),
    "HR-E0217": Page(
        "it is too large",
        "A payload, a result or a batch is over the limit of the store. Keep large data elsewhere, and enqueue where.",
    ),
    "HR-E0218": Page("something is there already", "Nothing is overwritten. Name a new or an empty folder."),
    "HR-E0219": Page("there is no help on that", "headrace help lists the topics."),
    "HR-E0220": Page(
        "the search cannot be read",
        "A search is made of FIELD:VALUE, OR, NOT and parentheses; headrace help query shows all of it.",
    ),
    "HR-E0222": Page("there is no such state", "headrace help query lists the states of a job."),
    "HR-E0224": Page("no app is named", "Name it, or write it down once: headrace config set app module:attribute."),
    "HR-E0226": Page("there is no such code or term", "Codes look like HR-E0202. headrace explain lists all."),
    "HR-E0227": Page("pdb needs a terminal", "headrace job debug --no-pdb only runs the job, and prints how it ended."),
    "HR-E0230": Page("no job is named", "Name ids, or - to read them from stdin, one a line."),
    "HR-E0231": Page(
        "that is no job id",
        "A whole id, the beginning of one from eight letters on, @last, @-2 or @failed. See headrace help ids.",
    ),
    "HR-E0232": Page("several jobs begin like that", "Write more letters of the id."),
    "HR-E0240": Page("the number of attempts is given twice", "--retry N is --max-attempts N+1; give one of them."),
    "HR-E0241": Page("a pair cannot be read", "Write NAME=VALUE."),
    "HR-E0242": Page("a value is not the JSON that is wanted", "The message says where it is broken."),
    "HR-E0243": Page("a batch cannot be read", "The message names the step; headrace batch run --help shows the form."),
    "HR-E0250": Page("two formats are asked for", "--json is -o json; give one of them."),
    "HR-E0251": Page("the fields cannot be read", "--json a,b takes names with commas; alone it stands at the end."),
    "HR-E0252": Page("there is no such field in the answer", "--json without names shows all fields."),
    "HR-E0253": Page("there is no such time zone", "Zones are named as in Europe/Paris."),
    "HR-E0260": Page("there is no such setting", "headrace config list shows them all."),
    "HR-E0261": Page("no profile is in use", "headrace profile use NAME; headrace profile list shows those there are."),
    "HR-E0262": Page("the server cannot listen there", "Another program may have the port; --port 0 takes a free one."),
    "HR-E0263": Page(
        "a command needs the store itself",
        "It was given the address of a server, which does not offer that. Name the store instead.",
    ),
    "HR-E0270": Page(
        "a change to many jobs needs a confirmation",
        "Nobody can be asked where there is no terminal. --dry-run shows what it is about, --yes goes ahead.",
    ),
    "HR-E0271": Page("nothing is to be changed", "Name a new value, such as --queue or --run-at."),
    "HR-E0272": Page("jobs are named, and searched for", "Name ids, or give --where; not both."),
    "HR-E0273": Page("many jobs cannot get the same arguments", "--args is for jobs that are named."),
    "HR-E0274": Page("the option goes with a search", "--rate and --as-of are for changes with --where."),
    "HR-E0276": Page("the file is there already", "Nothing is overwritten. Name another file, or move that one away."),
    "HR-E0277": Page("the file is no export of jobs", "The message names the line. Nothing was enqueued."),
    "HR-E0280": Page("a request is no JSON", "The message says where it is broken. Nothing was done."),
    "HR-E0281": Page(
        "a request is not what the call takes",
        "The problem names the field and its value. /docs of the server lists what each call takes.",
    ),
    "HR-E0282": Page("a header and a field contradict each other", "Send one of the two."),
    "HR-E0283": Page("the body is of another kind", "Send JSON, with the header Content-Type: application/json."),
    "HR-E0284": Page("the data is nested too deep", "Keep such data elsewhere, and send its name."),
    "HR-E0285": Page("a request came too slowly", "Its body took longer than server.body_timeout. Send it again."),
    "HR-E0286": Page("the path does not take that method", "The header Allow lists those it takes."),
    "HR-E0301": Page(
        "there is no such job",
        "It was never enqueued in this store, was deleted, or was pruned after its retention "
        "(headrace config get worker.retention.succeeded).",
    ),
    "HR-E0302": Page(
        "there is no such task",
        "The app knows no task of that name. Tasks register when their module is imported.",
    ),
    "HR-E0303": Page(
        "there is no such queue",
        "A queue is there once a job or a setting named it. A misspelt one is refused, so that nobody believes the "
        "right one to be paused.",
    ),
    "HR-E0304": Page("there is no such schedule", "headrace schedule list shows those there are."),
    "HR-E0305": Page("there is no such API key", "headrace key list shows them, revoked ones for 30 days."),
    "HR-E0306": Page("there is no such webhook", "headrace webhook list shows those there are."),
    "HR-E0308": Page("no job has failed so", "headrace error list shows the errors of dead and retrying jobs."),
    "HR-E0309": Page(
        "there is no such operation",
        "It was never begun here, or ended over 30 days ago. headrace operation list shows those there are.",
    ),
    "HR-E0310": Page(
        "no worker ever told of such a task",
        "Workers tell of their tasks when they start. headrace task list shows those that are known.",
    ),
    "HR-E0311": Page(
        "no schema of that version is known", "headrace task get shows the versions that workers have told of."
    ),
    "HR-E0320": Page("there is nothing at that path", "/docs of the server lists what there is."),
    "HR-E0321": Page(
        "there is no such worker",
        "Workers are known while they are heard of at least twice a minute; headrace worker list shows them.",
    ),
    "HR-E0401": Page("the profile is read-only", "Its store is looked at and not changed. Use another profile."),
    "HR-E0402": Page(
        "the profile is protected",
        "A change of its store has to be confirmed: at the terminal by typing the profile's name, else by --yes.",
    ),
    "HR-E0403": Page("it has to be confirmed", "Add --yes where nobody can be asked."),
    "HR-E0410": Page(
        "the caller is not known",
        "The server takes callers by a token or an API key: Authorization: Bearer TOKEN.",
    ),
    "HR-E0411": Page("the caller may not do that", "The key lacks the scope that the message names."),
    "HR-E0412": Page("the caller may not do that in this queue", "The key is for the queues that the message names."),
    "HR-E0413": Page(
        "a page of somebody else's may change nothing",
        "A browser would let any page do what its user may. Name the page's origin in server.cors_origins. An open "
        "server on loopback answers to localhost alone.",
    ),
    "HR-E0501": Page("the job's state does not allow it", "headrace job get shows the state, and how it came to it."),
    "HR-E0502": Page(
        "the idempotency key is taken",
        "The same key was used for another task or other arguments. A key names one piece of work.",
    ),
    "HR-E0503": Page(
        "another job holds the unique key",
        "A retried job takes its unique key again, which a job that has not ended holds. Cancel that one, or wait.",
    ),
    "HR-E0504": Page("the job has changed since it was read", "Read it again, and send the ETag that it has now."),
    "HR-E0601": Page(
        "the store cannot be reached",
        "It does not answer, is locked by somebody, or its disk is full. headrace doctor looks for the reason.",
    ),
    "HR-E0602": Page("there is no such file", "Only a worker and job enqueue make the file of a store."),
    "HR-E0603": Page(
        "the store's schema is another",
        "It is older or newer than this release; the message says which side to upgrade.",
    ),
    "HR-E0903": Page(
        "the store is damaged",
        "Stop all workers, copy the file with its -wal, and go back to a backup or let SQLite save what can be read.",
    ),
    "HR-E0910": Page("settings are wrong", "Each is named with its place. Commands stop until they are mended."),
    "HR-E0911": Page(
        "a server answered what it should not",
        "It has a fault, is no headrace server, or something in between answered. Its log has the id of the request.",
    ),
    "HR-E0921": Page(
        "the receiver of the webhook did not take the message",
        "It answered another status than 200 to 299, could not be reached, or has an address that is not public and in "
        "no network of the setting worker.webhook_networks.",
    ),
}

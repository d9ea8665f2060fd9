"""Against a double on this machine that answers as the real service does; never the network."""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from amager_eval.data.published import bundled_frame
from amager_eval.data.read import read_input
from amager_eval.data.statbank.fetch import Variable, fetch_table, select, table_info
from amager_eval.data.statbank.input_folder import fetch_input
from amager_eval.data.statbank.service import Service
from amager_eval.errors import InputError
from amager_eval.spec.agreement import load_agreement

QUARTERS = [f"{y}K{q}" for y in range(2016, 2026) for q in range(1, 5)]


def _variable(name, values, *, elimination=False, time=False):
    return {
        "id": name,
        "text": name.lower(),
        "elimination": elimination,
        "time": time,
        "values": [{"id": k, "text": t} for k, t in values],
    }


def _straf11():
    frame = bundled_frame("straf11_quarterly_2016K1_2025K4.csv")
    cells = frame.set_index(["area", "offence", "quarter"])["count"].to_dict()
    offences = list(frame["offence"].unique())
    return (
        [
            _variable("OMRÅDE", [("101", "København"), ("147", "Frederiksberg")], elimination=True),
            _variable("OVERTRÆD", [(o, o) for o in offences], elimination=True),
            _variable("Tid", [(q, q) for q in QUARTERS], time=True),
        ],
        lambda area, offence, quarter: cells[(area, offence, quarter)],
    )


def _folk1a():
    return (
        [
            _variable("OMRÅDE", [("101", "København"), ("147", "Frederiksberg")], elimination=True),
            _variable("KØN", [("TOT", "I alt"), ("1", "Mænd")], elimination=True),
            _variable("Tid", [(q, q) for q in QUARTERS], time=True),
        ],
        lambda area, sex, quarter: (
            None if quarter == "2025K4" else 600_000 + QUARTERS.index(quarter)
        ),
    )


def _kkbef1():
    """The levels of the real table: city, districts, local committees, quarters, outside any."""
    districts = "Indre By;Østerbro;Nørrebro;Vesterbro/Kongens Enghave;Valby;Vanløse;Brønshøj-Husum"
    committees = (
        "Indre By;Christianshavn;Østerbro;Nørrebro;Vesterbro;Kongens Enghave;Valby;Vanløse;"
        "Brønshøj-Husum"
    )
    rest = ";Bispebjerg;Amager Øst;Amager Vest"
    areas = [("1000", "København i alt")]
    areas += [(f"10{i:02d}", n) for i, n in enumerate((districts + rest).split(";"), start=1)]
    areas += [("1099", "Uden for inddeling")]
    areas += [(f"20{i:02d}", n) for i, n in enumerate((committees + rest).split(";"), start=1)]
    areas += [("2099", "Uden for inddeling"), ("20204", "Indre By - Christianshavn")]
    return (
        [
            _variable("OMRKK", areas, elimination=True),
            _variable("KON", [("TOT", "I alt"), ("M", "Mænd")], elimination=True),
            _variable("Tid", [(q, q) for q in QUARTERS], time=True),
        ],
        lambda area, sex, quarter: int(area) + QUARTERS.index(quarter),
    )


class Double(ThreadingHTTPServer):
    """The StatBank as far as the package asks it, with faults to order."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tables = {
            "/v1": {"STRAF11": _straf11(), "FOLK1A": _folk1a()},
            "/v1/s30": {"KKBEF1": _kkbef1()},
        }
        self.requests = []
        self.failures = []
        self.spoil = None
        self.limit = 1_000_000

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def _send(self, status, body, content_type="application/json; charset=utf-8"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, code, message):
        self._send(400, json.dumps({"errorTypeCode": code, "message": message}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failures:
            failure = self.server.failures.pop(0)
            if failure == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"\xef\xbb\xbfOMR")
                return
            self._send(failure, b"<html>busy</html>", "text/html")
            return
        if not body:
            self._refuse("REQUEST-EMPTY", "Forespørgslen er tom")
            return
        request = json.loads(body)
        self.server.requests.append((self.path, request))
        base, _, function = self.path.rpartition("/")
        found = self.server.tables.get(base, {}).get(request.get("table", "").upper())
        if found is None:
            self._refuse("EXTRACT-NOTFOUND", f"Tabel findes ikke: {request.get('table')}")
        elif function == "tableinfo":
            info = {
                "id": request["table"],
                "text": "En tabel",
                "unit": "Antal",
                "updated": "2026-02-11T08:00:00",
                "variables": found[0],
            }
            self._send(200, json.dumps(info).encode())
        else:
            self._data(request, *found)

    def _data(self, request, variables, figure):
        asked = {v["code"].casefold(): v["values"] for v in request["variables"]}
        chosen, columns = [], []
        for variable in variables:
            codes = [v["id"] for v in variable["values"]]
            wanted = asked.get(variable["id"].casefold())
            if wanted is None:
                if request["format"] == "BULK" or not variable["elimination"]:
                    self._refuse(
                        "EXTRACT-NOTALLOWED",
                        f"Der skal vælges værdier for variabel: {variable['id']}",
                    )
                    return
                chosen.append([codes[0]])
                continue
            for code in wanted:
                if code not in codes:
                    self._refuse("EXTRACT-NOTFOUND", f"Can't find value: {code} ({variable['id']})")
                    return
            columns.append(variable["id"])
            chosen.append(wanted)
        cells = list(itertools.product(*chosen))
        if request["format"] != "BULK" and len(cells) > self.server.limit:
            self._refuse("REQUEST-LIMIT", f"Forespørgslen på op mod {len(cells)} celler")
            return
        shown = [i for i, v in enumerate(variables) if v["id"] in columns]
        lines = [";".join([*(c.upper() for c in columns), "INDHOLD"])]
        for cell in cells:
            value = figure(*cell)
            if request["format"] == "BULK" and value == 0:
                continue
            lines.append(
                ";".join([*(cell[i] for i in shown), ".." if value is None else str(value)])
            )
        if request["format"] == "BULK":
            lines[1:] = lines[:0:-1]  # a streamed reply promises no order
        if self.server.spoil:
            lines = self.server.spoil(lines)
        self._send(200, ("\ufeff" + "\r\n".join(lines) + "\r\n").encode(), "text/csv")


@pytest.fixture
def double():
    server = Double()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def service(double, waits, tmp_path):
    return Service(base_url=double.url, timeout=5, cache=tmp_path / "cache", pause=waits.append)


CHOICE = {"OMRÅDE": ["101"], "OVERTRÆD": ["1316", "3410"], "Tid": [">=2024K1"]}


def test_a_table_is_described(service):
    info = table_info("STRAF11", service)
    assert [v.id for v in info.variables] == ["OMRÅDE", "OVERTRÆD", "Tid"]
    assert info.variable("tid").time
    with pytest.raises(InputError, match="OVERTRÆD"):
        info.variable("ALDER")


def test_all_variables_named_are_streamed_and_zeros_restored(double, service):
    variables, figure = double.tables["/v1"]["STRAF11"]
    double.tables["/v1"]["STRAF11"] = (
        variables,
        lambda a, o, q: 0 if (o, q) == ("3410", "2024K2") else figure(a, o, q),
    )
    table = fetch_table("STRAF11", CHOICE, service)
    assert double.requests[-1][1]["format"] == "BULK"
    assert double.requests[-1][1]["valuePresentation"] == "Code"
    frame = table.frame.set_index(["OVERTRÆD", "Tid"])["INDHOLD"]
    assert len(frame) == 2 * 8
    assert frame[("3410", "2024K2")] == 0
    assert frame[("1316", "2025K4")] == figure("101", "1316", "2025K4")
    assert table.source.endswith("STRAF11")
    assert len(table.replies[0]["sha256"]) == 64


def test_summed_variables_and_missing_figures(service, double):
    table = fetch_table("FOLK1A", {"OMRÅDE": ["101"], "Tid": ["(-n+2)"]}, service)
    assert double.requests[-1][1]["format"] == "CSV"
    assert table.frame["Tid"].tolist() == ["2025K3", "2025K4"]
    assert table.frame["INDHOLD"].isna().tolist() == [False, True]


def test_a_request_over_the_limit_is_split(double, service, tmp_path):
    double.limit = 25
    small = Service(base_url=double.url, cell_limit=25, cache=tmp_path / "c")
    table = fetch_table("FOLK1A", {"OMRÅDE": ["*"], "Tid": ["*"]}, small)
    assert len(table.frame) == 80
    assert len(table.replies) == 4
    assert not table.frame.duplicated(["OMRÅDE", "Tid"]).any()
    # the service itself refuses what is not split, in words
    with pytest.raises(InputError, match=r"op mod 80 celler.*REQUEST-LIMIT"):
        fetch_table("FOLK1A", {"OMRÅDE": ["*"], "Tid": ["*"]}, service)


def test_the_services_errors_are_put_in_words(double, service):
    with pytest.raises(InputError, match=r"Tabel findes ikke: INVALID123.*EXTRACT-NOTFOUND"):
        fetch_table("INVALID123", CHOICE, service)
    with pytest.raises(InputError, match="no such value; found '999'"):
        fetch_table("STRAF11", CHOICE | {"OMRÅDE": ["999"]}, service)
    with pytest.raises(InputError, match="must be chosen for the variable Tid"):
        fetch_table("STRAF11", {"OMRÅDE": ["101"]}, service)
    double.failures = [403]
    with pytest.raises(InputError, match="HTTP 403"):
        table_info("STRAF11", service)


def test_a_busy_service_is_asked_again(double, service, waits):
    double.failures = [503, 429, "cut"]
    assert table_info("STRAF11", service).id == "STRAF11"
    assert waits == [1.0, 2.0, 4.0]
    double.failures = [503] * 9
    with pytest.raises(InputError, match=r"4 attempts.*HTTP 503"):
        table_info("STRAF11", service)
    with pytest.raises(InputError, match="could not be reached in 1 attempts"):
        table_info("STRAF11", Service(base_url="http://127.0.0.1:9/v1", retries=0))
    with pytest.raises(InputError, match="https"):
        table_info("STRAF11", Service(base_url="file:///etc"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lines: lines[:-1], "incomplete: 1 of 2"),
        (lambda lines: [*lines, lines[-1].rpartition(";")[0] + ";7"], "different figures"),
        (lambda lines: [*lines, "555;2025K3;7"], "not asked for"),
        (lambda lines: [line.replace("60003", "mange") for line in lines], "no number"),
        (lambda lines: ["<html>"], "has variables and the column INDHOLD"),
        (lambda lines: [lines[0].replace("OMRÅDE", "SLAGS"), *lines[1:]], "other columns"),
    ],
)
def test_a_spoilt_reply_is_refused(double, service, spoil, message):
    double.spoil = spoil
    with pytest.raises(InputError, match=message):
        fetch_table("FOLK1A", {"OMRÅDE": ["101"], "Tid": ["(-n+2)"]}, service)


def test_what_was_fetched_can_be_used_offline(double, service, tmp_path):
    first = fetch_table("STRAF11", CHOICE, service)
    asked = len(double.requests)
    offline = Service(base_url=double.url, cache=service.cache, offline=True)
    again = fetch_table("STRAF11", CHOICE, offline)
    assert again.frame.equals(first.frame)
    assert again.replies == first.replies
    assert len(double.requests) == asked
    with pytest.raises(InputError, match="not in the cache"):
        fetch_table("STRAF11", CHOICE | {"Tid": ["2020K1"]}, offline)
    for body in service.cache.glob("*.body"):
        body.write_bytes(body.read_bytes() + b" ")
    with pytest.raises(InputError, match="changed after"):
        fetch_table("STRAF11", CHOICE, offline)


def test_an_input_folder_with_provenance(double, service, tmp_path):
    fetched = fetch_input(tmp_path / "in", since=2018, service=service)
    out = fetched.folder
    data = read_input(out)
    assert not data.synthetic
    assert set(data.crime["definition"]) == {"STRAF11"}
    raw = bundled_frame("straf11_quarterly_2016K1_2025K4.csv").query(
        "area == '101' and quarter == '2020K2' and offence in ['1316', '1320']"
    )
    found = data.crime.query("crime_type == 'indbrud' and period == '2020K2'")["count"]
    assert found.item() == raw["count"].sum()
    assert data.whole == "København"
    # the bank counts Nørrebro as one; what it does not count is named and not made up
    assert fetched.without_population == ("Indre Nørrebro", "Ydre Nørrebro")
    parts = set(load_agreement().areas.parts)
    assert set(data.parts) == parts - set(fetched.without_population)
    city = data.population.query("area == 'København'")
    assert city["period"].tolist()[0] == "2018K1"
    assert "2025K4" not in set(city["period"])  # published as missing
    people = data.population.query("period == '2020K1'").set_index("area")["population"]
    at = QUARTERS.index("2020K1")
    # one level: the local committee Indre By, not the district that holds Christianshavn too
    assert people["Indre By"] == 2001 + at
    assert people["Christianshavn"] == 2002 + at
    assert people["Kgs. Enghave"] == 2006 + at
    assert people["Amager Vest"] == 2012 + at
    provenance = json.loads((out / "PROVENANCE.json").read_text(encoding="utf-8"))
    assert [p["table"] for p in provenance] == ["STRAF11", "FOLK1A", "KKBEF1"]
    with pytest.raises(InputError, match="left alone"):
        fetch_input(out, service=service)


def test_a_failed_fetch_leaves_nothing(double, service, tmp_path):
    del double.tables["/v1/s30"]["KKBEF1"]
    with pytest.raises(InputError, match="KKBEF1"):
        fetch_input(tmp_path / "in", service=service)
    assert not (tmp_path / "in").exists()


def test_ten_districts_alone_leave_out_what_holds_another(double, service, tmp_path):
    variables, _ = double.tables["/v1/s30"]["KKBEF1"]
    variables[0]["values"] = [v for v in variables[0]["values"] if v["id"][0] == "1"]
    fetched = fetch_input(tmp_path / "in", since=2024, service=service)
    assert {"Indre By", "Christianshavn", "Vesterbro"} <= set(fetched.without_population)
    people = read_input(fetched.folder).population.query("period == '2024K1'")
    at = QUARTERS.index("2024K1")
    by_area = people.set_index("area")["population"]
    assert (by_area["Amager Øst"], by_area["Amager Vest"]) == (1009 + at, 1010 + at)


def test_an_indicator_district_that_is_not_named_is_told(double, service, tmp_path):
    variables, _ = double.tables["/v1/s30"]["KKBEF1"]
    variables[0]["values"] = [v for v in variables[0]["values"] if "Amager Vest" not in v["text"]]
    with pytest.raises(InputError, match=r"(?s)does not name Amager Vest.*--no-districts"):
        fetch_input(tmp_path / "in", service=service)
    assert not (tmp_path / "in").exists()


def test_selections_are_expanded_as_the_service_does():
    codes = [f"{y}K{q}" for y in range(2010, 2013) for q in range(1, 5)]
    time = Variable(
        "Tid", "tid", elimination=False, time=True, values=tuple((c, "") for c in codes)
    )
    assert select(time, ["*"]) == tuple(codes)
    assert select(time, ["*K1"]) == ("2010K1", "2011K1", "2012K1")
    assert select(time, ["(-n+3)"]) == ("2012K2", "2012K3", "2012K4")
    assert select(time, ["(1)"]) == ("2010K1",)
    assert select(time, [">=2010K3<=2011K1"]) == ("2010K3", "2010K4", "2011K1")
    assert select(time, ["2012K1", "2010K1"]) == ("2010K1", "2012K1")
    with pytest.raises(InputError, match="no such value"):
        select(time, ["2019K1"])

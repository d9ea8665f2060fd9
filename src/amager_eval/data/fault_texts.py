"""Every fault an input can have, in English and Danish: what is wrong and what to do.

One entry per fault, found by its code. `{braces}` are filled in by the check that found it.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from amager_eval.errors import Fault, InputError

__all__ = ["FAULT_TEXTS", "FaultText", "Lang", "format_fault", "known_language"]

Lang = Literal["da", "en"]


class FaultText(NamedTuple):
    """Message and remedy of one fault in both languages, and whether it stops the reading."""

    severity: Literal["error", "warning"]
    en: str
    en_remedy: str
    da: str
    da_remedy: str

    def in_language(self, lang: Lang) -> tuple[str, str]:
        """Return message and remedy in `lang`."""
        return (self.da, self.da_remedy) if lang == "da" else (self.en, self.en_remedy)


def _error(en: str, en_remedy: str, da: str, da_remedy: str) -> FaultText:
    return FaultText("error", en, en_remedy, da, da_remedy)


def _warning(en: str, en_remedy: str, da: str, da_remedy: str) -> FaultText:
    return FaultText("warning", en, en_remedy, da, da_remedy)


FAULT_TEXTS: Final[dict[str, FaultText]] = {
    # ------------------------------------------------------------------ files and sheets
    "path_missing": _error(
        "there is no such file or folder",
        "Give a folder of CSV files or a workbook (.xlsx, .ods).",
        "filen eller mappen findes ikke",
        "Angiv en mappe med CSV-filer eller en projektmappe (.xlsx, .ods).",
    ),
    "path_kind": _error(
        "this is neither a folder of CSV files nor a workbook",
        "Give a folder, an .xlsx file or an .ods file.",
        "dette er hverken en mappe med CSV-filer eller en projektmappe",
        "Angiv en mappe, en .xlsx-fil eller en .ods-fil.",
    ),
    "macros": _error(
        "a workbook with macros is not read",
        "Save it as .xlsx without macros.",
        "en projektmappe med makroer læses ikke",
        "Gem den som .xlsx uden makroer.",
    ),
    "nothing_to_read": _error(
        "none of the tables was found: {tables}",
        "Name the CSV files or the sheets so; 'amager-eval template' writes an empty workbook.",
        "ingen af tabellerne blev fundet: {tables}",
        "Giv CSV-filerne eller arkene disse navne; 'amager-eval template' skriver en tom "
        "projektmappe.",
    ),
    "unknown_table": _warning(
        "this is none of the tables {tables} and was not read",
        "Rename it if it was meant to be one of them.",
        "dette er ingen af tabellerne {tables} og blev ikke læst",
        "Omdøb den, hvis den skulle være en af dem.",
    ),
    "table_twice": _error(
        "the table {table} was found twice",
        "Keep one of the two.",
        "tabellen {table} findes to gange",
        "Behold kun den ene.",
    ),
    "unreadable": _error(
        "the file cannot be read",
        "Check that it exists, that you may read it and that it is what its name says.",
        "filen kan ikke læses",
        "Kontrollér, at den findes, at du må læse den, og at den er det, navnet siger.",
    ),
    "outside_folder": _error(
        "the file is a link to a place outside the folder and is not followed",
        "Put the file itself in the folder.",
        "filen er en genvej til et sted uden for mappen og følges ikke",
        "Læg selve filen i mappen.",
    ),
    "too_large": _error(
        "the file is too large for a table of published figures (at most {limit})",
        "Give summed figures; single reports or answers are read by the extract functions.",
        "filen er for stor til en tabel med opgjorte tal (højst {limit})",
        "Angiv opgjorte tal; enkelte anmeldelser og svar læses af udtræksfunktionerne.",
    ),
    "bomb": _error(
        "the workbook unpacks to far more than a workbook of figures can hold",
        "Save it again from a spreadsheet program, with figures only.",
        "projektmappen fylder udpakket langt mere, end en projektmappe med tal kan",
        "Gem den igen fra et regneark, kun med tal.",
    ),
    "nul": _error(
        "the file holds NUL bytes, so it is not a text file in UTF-8 or Windows-1252",
        "Save it as CSV UTF-8.",
        "filen indeholder NUL-tegn og er derfor ikke en tekstfil i UTF-8 eller Windows-1252",
        "Gem den som CSV UTF-8.",
    ),
    "broken_csv": _error(
        "the file is not a readable CSV file",
        "Look for a quotation mark that is opened and not closed, or save it again as CSV.",
        "filen er ikke en læsbar CSV-fil",
        "Led efter et anførselstegn, der åbnes uden at lukkes, eller gem den igen som CSV.",
    ),
    "empty_table": _error(
        "the table has no rows",
        "Fill it in, or leave the file or sheet out.",
        "tabellen har ingen rækker",
        "Udfyld den, eller udelad filen eller arket.",
    ),
    "no_header": _error(
        "none of the table's headings was found in the first rows",
        "Write the headings above the rows: {columns}.",
        "ingen af tabellens overskrifter blev fundet i de første rækker",
        "Skriv overskrifterne over rækkerne: {columns}.",
    ),
    "column_missing": _error(
        "a column is missing",
        "Add the column '{column}'.",
        "en kolonne mangler",
        "Tilføj kolonnen '{column}'.",
    ),
    "column_twice": _error(
        "two columns mean the same",
        "Keep one of them.",
        "to kolonner betyder det samme",
        "Behold kun den ene.",
    ),
    "column_unknown": _warning(
        "this column is not known and was not read",
        "Rename it if it was meant to be one of: {columns}.",
        "kolonnen er ukendt og blev ikke læst",
        "Omdøb den, hvis den skulle være en af: {columns}.",
    ),
    "row_too_long": _error(
        "the row has more cells than the header",
        "A cell that holds the separator must be in quotation marks.",
        "rækken har flere celler end overskriften",
        "En celle, der indeholder skilletegnet, skal stå i anførselstegn.",
    ),
    "merged": _error(
        "the sheet has merged cells inside the table",
        "Unmerge them and write every value in its own cell.",
        "arket har flettede celler inde i tabellen",
        "Ophæv fletningen, og skriv hver værdi i sin egen celle.",
    ),
    "formula_error": _error(
        "the cell holds a formula that failed",
        "Write the number itself.",
        "cellen indeholder en formel, der fejler",
        "Skriv selve tallet.",
    ),
    "formula_unread": _error(
        "the cell holds a formula whose result was never stored",
        "Open and save the workbook in a spreadsheet program, or write the number itself.",
        "cellen indeholder en formel, hvis resultat ikke er gemt",
        "Åbn og gem projektmappen i et regneark, eller skriv selve tallet.",
    ),
    "hidden_rows": _warning(
        "the sheet has hidden rows or columns; they were read like the others",
        "Delete them if they were not meant to count.",
        "arket har skjulte rækker eller kolonner; de er læst som de andre",
        "Slet dem, hvis de ikke skulle med.",
    ),
    "too_many": _error(
        "there are more faults than are listed ({limit})",
        "Correct these first and check again.",
        "der er flere fejl, end der vises ({limit})",
        "Ret disse først, og kontrollér igen.",
    ),
    # ------------------------------------------------------------------ single cells
    "missing": _error(
        "a value is missing",
        "Fill in the cell.",
        "en værdi mangler",
        "Udfyld cellen.",
    ),
    "not_text": _error(
        "text is needed",
        "Write a name of at most {limit} characters without control characters.",
        "her skal stå tekst",
        "Skriv et navn på højst {limit} tegn uden kontroltegn.",
    ),
    "looks_like_formula": _error(
        "text must not begin like a spreadsheet formula",
        "Remove the first character.",
        "tekst må ikke begynde som en regnearksformel",
        "Fjern det første tegn.",
    ),
    "not_number": _error(
        "this is no number",
        "Write a number with digits, or leave the cell empty.",
        "dette er ikke et tal",
        "Skriv et tal med cifre, eller lad cellen stå tom.",
    ),
    "ambiguous_number": _error(
        "this number can be read in two ways",
        "Write it without a thousands separator.",
        "dette tal kan læses på to måder",
        "Skriv det uden tusindtalsseparator.",
    ),
    "not_finite": _error(
        "the number is not finite",
        "Write a number, or leave the cell empty.",
        "tallet er ikke endeligt",
        "Skriv et tal, eller lad cellen stå tom.",
    ),
    "not_whole": _error(
        "a whole number is needed",
        "Write a count without decimals.",
        "her skal stå et helt tal",
        "Skriv et antal uden decimaler.",
    ),
    "out_of_range": _error(
        "the value must lie in {low} to {high}",
        "Correct the cell.",
        "værdien skal ligge i {low} til {high}",
        "Ret cellen.",
    ),
    "not_positive": _error(
        "the value must be above 0",
        "Correct the cell.",
        "værdien skal være over 0",
        "Ret cellen.",
    ),
    "negative": _error(
        "a count cannot be negative",
        "Correct the cell.",
        "et antal kan ikke være negativt",
        "Ret cellen.",
    ),
    "no_year": _error(
        "this is no year",
        "Write a year with four digits.",
        "dette er ikke et årstal",
        "Skriv et årstal med fire cifre.",
    ),
    "no_period": _error(
        "this is no period",
        "Write a year (2024), a quarter (2024K3) or a month (2024M07).",
        "dette er ikke en periode",
        "Skriv et år (2024), et kvartal (2024K3) eller en måned (2024M07).",
    ),
    "no_date": _error(
        "this is no date",
        "Write it as 2024-12-31.",
        "dette er ikke en dato",
        "Skriv den som 2024-12-31.",
    ),
    "unknown_response": _error(
        "the answer is not one of {known}",
        "Write one of them. An answer is never read as 100 minus another.",
        "svaret er ikke et af {known}",
        "Skriv et af dem. Et svar læses aldrig som 100 minus et andet.",
    ),
    "unknown_setting": _error(
        "the setting is not one of {known}",
        "Write one of them.",
        "tidspunktet er ikke et af {known}",
        "Skriv et af dem.",
    ),
    "unknown_comparator": _error(
        "the sign is not one of {known}",
        "Write one of them, or leave the cell empty for '='.",
        "tegnet er ikke et af {known}",
        "Skriv et af dem, eller lad cellen stå tom for '='.",
    ),
    # ------------------------------------------------------------------ within a row
    "no_figure": _error(
        "the row has neither percent nor count",
        "Fill in one of them, or delete the row.",
        "rækken har hverken procent eller antal",
        "Udfyld den ene, eller slet rækken.",
    ),
    "count_without_n": _error(
        "a count of answers needs the number who answered (n)",
        "Fill in n, or give the percentage.",
        "et antal svar kræver antallet af adspurgte (n)",
        "Udfyld n, eller angiv procenten.",
    ),
    "count_above_n": _error(
        "more answers than respondents: count exceeds n = {n}",
        "Correct count or n.",
        "flere svar end adspurgte: antal overstiger n = {n}",
        "Ret antal eller n.",
    ),
    "percent_differs": _warning(
        "percent and count do not agree: {count} of {n} is {share} percent",
        "Check both; a weighted percentage may differ.",
        "procent og antal passer ikke sammen: {count} af {n} er {share} procent",
        "Kontrollér begge; en vægtet procent kan afvige.",
    ),
    "decimals_differ": _warning(
        "the percentage has more decimals than declared ({decimals})",
        "Correct decimals; the rounding of a figure is part of its uncertainty.",
        "procenten har flere decimaler end angivet ({decimals})",
        "Ret antal decimaler; afrundingen er en del af usikkerheden.",
    ),
    "no_count": _error(
        "the row has neither a count nor a rate",
        "Fill in the count of reports, or delete the row. Zero reports is written 0.",
        "rækken har hverken antal eller rate",
        "Udfyld antallet af anmeldelser, eller slet rækken. Ingen anmeldelser skrives 0.",
    ),
    "ends_before_start": _error(
        "the end lies before the start",
        "Correct one of the two dates.",
        "slutningen ligger før starten",
        "Ret en af de to datoer.",
    ),
    "more_than_invited": _error(
        "more respondents than invited ({invited})",
        "Correct one of the two.",
        "flere svar end inviterede ({invited})",
        "Ret en af de to.",
    ),
    "rate_differs": _warning(
        "the response rate does not agree with respondents over invited ({share})",
        "Check the three figures.",
        "svarprocenten passer ikke med svar over inviterede ({share})",
        "Kontrollér de tre tal.",
    ),
    # ------------------------------------------------------------------ across rows
    "duplicate": _error(
        "the same figure stands in row {first}: {what}",
        "Delete one of the two rows.",
        "det samme tal står i række {first}: {what}",
        "Slet en af de to rækker.",
    ),
    "shares_exceed": _error(
        "the answers of {what} sum to {total} percent, which is over 100",
        "Correct the percentages.",
        "svarene for {what} summerer til {total} procent, altså over 100",
        "Ret procenterne.",
    ),
    "fraction": _warning(
        "the percentage looks like a fraction",
        "Write 84 for 84 percent, not 0.84.",
        "procenten ligner en brøkdel",
        "Skriv 84 for 84 procent, ikke 0,84.",
    ),
    "fractions": _error(
        "every percentage of the table is 1 or less, so they are fractions",
        "Write 84 for 84 percent; a cell in percent format shows 84 % but holds 0.84.",
        "alle procenter i tabellen er højst 1, altså brøkdele",
        "Skriv 84 for 84 procent; en celle i procentformat viser 84 %, men indeholder 0,84.",
    ),
    "wave_without_n": _warning(
        "no number of respondents for wave {wave}",
        "Fill in n: without it the uncertainty is borrowed from other waves.",
        "der mangler antal adspurgte for bølge {wave}",
        "Udfyld n: uden det lånes usikkerheden fra andre bølger.",
    ),
    "gap_in_waves": _warning(
        "the series of {what} has no wave {missing}",
        "Add it if it was published; it is not filled in.",
        "serien for {what} mangler bølge {missing}",
        "Tilføj den, hvis den er offentliggjort; den udfyldes ikke.",
    ),
    "gap_in_periods": _warning(
        "the series of {what} has no period {missing}",
        "Add it (zero reports is written 0); it is not filled in.",
        "serien for {what} mangler periode {missing}",
        "Tilføj den (ingen anmeldelser skrives 0); den udfyldes ikke.",
    ),
    "area_version": _warning(
        "the figures of {base} come in several area versions: {versions}",
        "Versions are different areas and are never joined; check the names.",
        "tallene for {base} findes i flere områdeversioner: {versions}",
        "Versioner er forskellige områder og lægges aldrig sammen; kontrollér navnene.",
    ),
    "area_version_changes": _warning(
        "the series of {what} changes area version: {versions}",
        "Versions are different areas; give each version its own area name.",
        "serien for {what} skifter områdeversion: {versions}",
        "Versioner er forskellige områder; giv hver version sit eget områdenavn.",
    ),
    "definition_missing": _error(
        "the definition of the count is missing",
        "Write it, for instance borgervendt or straffelov; other definitions are other series.",
        "definitionen af antallet mangler",
        "Skriv den, for eksempel borgervendt eller straffelov; andre definitioner er andre serier.",
    ),
    "definition_changes": _error(
        "the series of {what} changes definition: {definitions}",
        "Counts by different definitions cannot be compared. Keep one definition, or name the "
        "other a crime type of its own.",
        "serien for {what} skifter definition: {definitions}",
        "Antal efter forskellige definitioner kan ikke sammenlignes. Behold én definition, eller "
        "giv den anden sin egen gerningstype.",
    ),
    "definition_mixed": _warning(
        "the crime type {what} comes by several definitions: {definitions}",
        "Areas with different definitions cannot be compared.",
        "gerningstypen {what} findes efter flere definitioner: {definitions}",
        "Områder med forskellige definitioner kan ikke sammenlignes.",
    ),
    "definition_mixed_fit": _error(
        "the crime type {what} comes by several definitions: {definitions}",
        "Fit one definition at a time: keep the rows of one.",
        "gerningstypen {what} findes efter flere definitioner: {definitions}",
        "Tilpas én definition ad gangen: behold rækkerne for den ene.",
    ),
    "mixed_units": _error(
        "years, quarters or months are mixed: {units}",
        "Fit one length of period at a time; yearly and quarterly counts are not the same series.",
        "år, kvartaler eller måneder er blandet: {units}",
        "Brug én periodelængde ad gangen; årlige og kvartalsvise antal er ikke samme serie.",
    ),
    "population_far": _warning(
        "{area} has reports but no population within a year of {missing}",
        "Add its inhabitants; until then they are carried on from the nearest dates.",
        "{area} har anmeldelser, men intet indbyggertal inden for et år af {missing}",
        "Tilføj indbyggertallene; indtil da føres de videre fra de nærmeste datoer.",
    ),
    "area_is_a_number": _warning(
        "the area is a number among names",
        "Write the area's name; a formula counts as what it came to.",
        "området er et tal blandt navne",
        "Skriv områdets navn; en formel tæller som det, den gav.",
    ),
    "population_missing": _error(
        "there is no population for {area}, where reports are counted",
        "Add its inhabitants to the table population.",
        "der mangler indbyggertal for {area}, hvor der er anmeldelser",
        "Tilføj områdets indbyggertal i tabellen befolkning (population).",
    ),
    "population_unknown": _warning(
        "there is no population for {area}, where reports are counted, so no rate is shown",
        "Add its inhabitants to the table population.",
        "der mangler indbyggertal for {area}, hvor der er anmeldelser, så ingen rate vises",
        "Tilføj områdets indbyggertal i tabellen befolkning (population).",
    ),
    "population_absent": _error(
        "no population was given, neither as a frame nor as a column",
        "Give inhabitants per area and period.",
        "der er ikke angivet indbyggertal, hverken som tabel eller kolonne",
        "Angiv indbyggere pr. område og periode.",
    ),
    "population_jumps": _warning(
        "the population of {area} changes by {change} percent from {before} to {after}",
        "Check the figure and the area's boundary.",
        "indbyggertallet i {area} ændrer sig {change} procent fra {before} til {after}",
        "Kontrollér tallet og områdets afgrænsning.",
    ),
    "total_below_types": _warning(
        "the total of {what} is smaller than the sum of its types ({total})",
        "Check the figures; types that overlap can explain it.",
        "totalen for {what} er mindre end summen af typerne ({total})",
        "Kontrollér tallene; typer, der overlapper, kan forklare det.",
    ),
    "total_below_parts": _warning(
        "the figure of {what} is smaller than the sum of its parts ({total})",
        "Check the figures of the whole and of the parts.",
        "tallet for {what} er mindre end summen af delene ({total})",
        "Kontrollér tallene for helheden og for delene.",
    ),
    "n_above_whole": _warning(
        "{area} has more respondents than the whole round ({respondents})",
        "Check n and the table survey_rounds.",
        "{area} har flere adspurgte end hele runden ({respondents})",
        "Kontrollér n og tabellen undersøgelser (survey_rounds).",
    ),
    # ------------------------------------------------------------------ mapping files
    "beside_mapping": _error(
        "the file must lie beside the mapping",
        "Write its name without a folder.",
        "filen skal ligge ved siden af mappingen",
        "Skriv navnet uden mappe.",
    ),
    "microdata_format": _error(
        "microdata are read from CSV, SPSS (.sav) and Stata (.dta)",
        "Save the file in one of these formats.",
        "mikrodata læses fra CSV, SPSS (.sav) og Stata (.dta)",
        "Gem filen i et af disse formater.",
    ),
    "no_pyreadstat": _error(
        "SPSS and Stata files need the package pyreadstat",
        "Install amager-eval[microdata], or save the file as CSV.",
        "SPSS- og Stata-filer kræver pakken pyreadstat",
        "Installér amager-eval[microdata], eller gem filen som CSV.",
    ),
    "mapping_not_toml": _error(
        "the mapping is not valid TOML in UTF-8",
        "Correct the line; docs/input.md shows a whole mapping.",
        "mappingen er ikke gyldig TOML i UTF-8",
        "Ret linjen; docs/input.md viser en hel mapping.",
    ),
    "mapping_key_unknown": _error(
        "the mapping has a key that is not known",
        "Correct its name or remove it; docs/input.md shows a whole mapping.",
        "mappingen har en ukendt nøgle",
        "Ret navnet, eller fjern den; docs/input.md viser en hel mapping.",
    ),
    "mapping_key_missing": _error(
        "the mapping lacks a key",
        "Add '{column}'; docs/input.md shows a whole mapping.",
        "mappingen mangler en nøgle",
        "Tilføj '{column}'; docs/input.md viser en hel mapping.",
    ),
    "mapping_choice": _error(
        "the mapping has a value that is not one of {expected}",
        "Write one of them.",
        "mappingen har en værdi, der ikke er en af {expected}",
        "Skriv en af dem.",
    ),
    "mapping_value": _error(
        "the mapping has a value of the wrong kind",
        "Write it as docs/input.md shows.",
        "mappingen har en værdi af forkert slags",
        "Skriv den som vist i docs/input.md.",
    ),
    "mapping_code_twice": _error(
        "code {codes} means two answers",
        "Keep it in one of the lists.",
        "koden {codes} betyder to svar",
        "Behold den i én af listerne.",
    ),
    "mapping_wave": _error(
        "the mapping must give either wave or columns.wave",
        "Keep one of them.",
        "mappingen skal angive enten wave eller columns.wave",
        "Behold én af dem.",
    ),
    "mapping_area": _error(
        "the mapping must give either area_name or columns.area",
        "Keep one of them.",
        "mappingen skal angive enten area_name eller columns.area",
        "Behold én af dem.",
    ),
    "mapping_areas": _error(
        "columns.area needs the table areas",
        "List each value of the column with the areas it counts in.",
        "columns.area kræver tabellen areas",
        "Angiv hver værdi i kolonnen med de områder, den tæller i.",
    ),
    "mapping_dates": _error(
        "until lies before from",
        "Correct one of the two dates.",
        "until ligger før from",
        "Ret en af de to datoer.",
    ),
    "mapping_status": _error(
        "keep_status needs columns.status",
        "Name the column that holds the status.",
        "keep_status kræver columns.status",
        "Angiv kolonnen med status.",
    ),
    # ------------------------------------------------------------------ register extracts
    "offence_unknown": _warning(
        "{count} reports have offence codes that are in no crime type and were not counted",
        "Add the codes to a type, or to ignore_offences.",
        "{count} anmeldelser har gerningskoder uden gerningstype og er ikke talt med",
        "Tilføj koderne til en gerningstype eller til ignore_offences.",
    ),
    "offence_only_in_total": _warning(
        "{count} reports have offence codes that no crime type names; they count in '*' alone",
        "Add the codes to a type, or to ignore_offences.",
        "{count} anmeldelser har gerningskoder, ingen gerningstype nævner; de tæller kun i '*'",
        "Tilføj koderne til en gerningstype eller til ignore_offences.",
    ),
    "area_unmatched": _warning(
        "{count} reports lie in areas that are not in the table areas and were not counted",
        "Add the values if they belong to an area; they are not shown, they may be addresses.",
        "{count} anmeldelser ligger i områder uden for tabellen areas og er ikke talt med",
        "Tilføj værdierne, hvis de hører til et område; de vises ikke, de kan være adresser.",
    ),
    "register_duplicates": _warning(
        "{count} reports repeat an id and were counted once",
        "Check that the extract has one row a report.",
        "{count} anmeldelser gentager et id og er talt med én gang",
        "Kontrollér, at udtrækket har én række pr. anmeldelse.",
    ),
    "register_dates_outside": _warning(
        "{count} reports are dated outside what the extract covers and were not counted",
        "Check from and until.",
        "{count} anmeldelser er dateret uden for udtrækkets periode og er ikke talt med",
        "Kontrollér from og until.",
    ),
    # ------------------------------------------------------------------ respondent rows
    "unknown_answer": _error(
        "the answer is not in the answer coding",
        "Add its code to the mapping file; the value is not shown here because it is an answer.",
        "svaret står ikke i svarkodningen",
        "Tilføj koden i mappingfilen; værdien vises ikke her, fordi den er et svar.",
    ),
    "weight_wrong": _error(
        "the weight must be a number above 0 and at most ten million",
        "Correct the weight; the value is not shown here because it belongs to a respondent.",
        "vægten skal være et tal over 0 og højst ti millioner",
        "Ret vægten; værdien vises ikke her, fordi den hører til en svarperson.",
    ),
    "area_wrong": _error(
        "this cannot be the name of an area",
        "Write a short name that does not begin with '=', '+' or '@'; the value is not shown here "
        "because it belongs to a respondent.",
        "dette kan ikke være navnet på et område",
        "Skriv et kort navn, der ikke begynder med '=', '+' eller '@'; værdien vises ikke her, "
        "fordi den hører til en svarperson.",
    ),
    "lonely_stratum": _error(
        "a stratum of {area} in wave {wave} has one respondent, so the variance is unknown",
        "Merge it with a neighbouring stratum.",
        "et stratum i {area} i bølge {wave} har én svarperson, så variansen er ukendt",
        "Læg det sammen med et nabostratum.",
    ),
}

_PLACE: Final[dict[Lang, dict[str, str]]] = {
    "en": {"sheet": "sheet", "row": "row", "column": "column", "found": "found"},
    "da": {"sheet": "ark", "row": "række", "column": "kolonne", "found": "fundet"},
}


def known_language(lang: str) -> Lang:
    """Return `lang` if faults are written in it; an error if not.

    Examples
    --------
    >>> known_language("da")
    'da'
    """
    if lang == "da":
        return "da"
    if lang == "en":
        return "en"
    raise InputError(Fault("the language must be da or en", lang, "Write da or en."))


def format_fault(fault: Fault, lang: Lang = "en") -> str:
    """Write a fault as one line, its place in words of `lang`.

    The message keeps the language it was made in; see `lang` of
    :func:`amager_eval.data.check.check_input`.

    Examples
    --------
    >>> fault = Fault("dette er ikke et tal", found="x", remedy="Skriv et tal.", row=7)
    >>> format_fault(fault, "da")
    "række 7: dette er ikke et tal; fundet 'x'. Skriv et tal."
    """
    if lang == "en":
        return str(fault)
    words = _PLACE[lang]
    place = [
        fault.file,
        f"{words['sheet']} {fault.sheet}" if fault.sheet else None,
        f"{words['row']} {fault.row}" if fault.row is not None else None,
        f"{words['column']} {fault.column}" if fault.column else None,
    ]
    where = ", ".join(p for p in place if p)
    text = f"{where}: {fault.message}" if where else fault.message
    found = f"; {words['found']} '{fault.found}'" if fault.found else ""
    return f"{text}{found}. {fault.remedy}".rstrip()

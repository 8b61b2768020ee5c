//! Headers as people write them, in every language that the lexicon has.

use super::lexicon::{Language, Origin};
use super::names::Name;

/// The usual reading of each header, and that each is told as of the language where it is foreign.
fn check(language: Language, headers: &[(&str, &str)]) {
    assert!(headers.len() >= 12);
    let mut wrong = Vec::new();
    for (header, expected) in headers {
        let name = Name::parse(header);
        let read = name.words().collect::<Vec<_>>().join(" ");
        let terms = name.usual_terms();
        let told = terms
            .filter_map(|term| match term.origin {
                Origin::Foreign(language) => Some(language),
                Origin::Plain | Origin::Abbreviation => None,
            })
            .next();
        if read != *expected || told.is_some_and(|told| told != language) {
            wrong.push(format!("{header}: {read}, not {expected}; {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn german() {
    check(
        Language::German,
        &[
            ("Buchungstext", "transaction type"),
            ("Verwendungszweck", "reference"),
            ("Kundenreferenz", "customer reference"),
            ("Gläubiger-ID", "creditor id"),
            ("IBAN Zahlungsempfänger", "iban payee"),
            ("Rechnungsdatum", "invoice date"),
            ("MwSt.-Satz", "tax rate"),
            ("Straße u. Hausnummer", "street u house number"),
            ("Geburtsdatum", "birth date"),
            ("Lieferantennummer", "supplier number"),
            ("Versicherungsbeginn", "insurance start"),
            ("Zählerstand", "meter reading"),
            ("Wohnfläche", "living area"),
            ("Entlassungsdatum", "discharge date"),
            ("Lagerbestand", "stock"),
            ("Stundenlohn brutto", "hourly wage gross"),
        ],
    );
}

#[test]
fn french() {
    check(
        Language::French,
        &[
            ("Libellé opération", "transaction description"),
            ("Date d'opération", "booking date"),
            ("Date de valeur", "value date"),
            ("Montant TTC", "gross amount"),
            ("Numéro de facture", "invoice number"),
            ("Nom de famille", "last name"),
            ("date_naissance", "birth date"),
            ("Code postal", "postcode"),
            ("Numéro de voie", "house number"),
            ("Raison sociale", "company name"),
            ("Numéro du compte", "account number"),
            ("Prix unitaire HT", "unit price net"),
            ("Chiffre d'affaires", "revenue"),
            ("Date de mise à jour", "date update"),
        ],
    );
}

#[test]
fn spanish() {
    check(
        Language::Spanish,
        &[
            ("Fecha valor", "value date"),
            ("Fecha de la operación", "booking date"),
            ("Importe", "amount"),
            ("Concepto", "purpose"),
            ("Número de factura", "invoice number"),
            ("Apellidos", "last name"),
            ("fec_nac", "birth date"),
            ("Código postal", "postcode"),
            ("Razón social", "company name"),
            ("Forma de pago", "payment method"),
            ("Precio unitario", "unit price"),
            ("Municipio", "municipality"),
            ("Correo electrónico", "email"),
            ("Fecha de vencimiento", "due date"),
        ],
    );
}

#[test]
fn italian() {
    check(
        Language::Italian,
        &[
            ("Data contabile", "booking date"),
            ("Data valuta", "value date"),
            ("Importo", "amount"),
            ("Causale", "purpose"),
            ("Data di nascita", "birth date"),
            ("Codice fiscale", "tax id"),
            ("Partita IVA", "tax id"),
            ("Numero fattura", "invoice number"),
            ("Ragione sociale", "company name"),
            ("Numero civico", "house number"),
            ("Data scadenza", "due date"),
            ("Prezzo unitario", "unit price"),
            ("Comune di residenza", "municipality residence"),
            ("Descrizione articolo", "description article"),
        ],
    );
}

#[test]
fn dutch() {
    check(
        Language::Dutch,
        &[
            ("Naam tegenpartij", "counterparty name"),
            ("Boekdatum", "booking date"),
            ("Rekeningnummer", "account number"),
            ("Bedrag", "amount"),
            ("Af Bij", "direction"),
            ("Mededelingen", "reference"),
            ("Factuurdatum", "invoice date"),
            ("Klantnummer", "customer number"),
            ("Achternaam", "last name"),
            ("Geboortedatum", "birth date"),
            ("Huisnummer toevoeging", "house number suffix"),
            ("Woonplaats", "city"),
            ("Leverdatum", "delivery date"),
            ("Verbruik in kWh", "consumption kilowatt hour"),
        ],
    );
}

#[test]
fn portuguese() {
    check(
        Language::Portuguese,
        &[
            ("Data da operação", "booking date"),
            ("Data valor", "value date"),
            ("Descrição", "description"),
            ("Montante", "amount"),
            ("Data de nascimento", "birth date"),
            ("Nome completo", "full name"),
            ("Código postal da morada", "postcode address"),
            ("CEP", "postcode"),
            ("Número da fatura", "invoice number"),
            ("Preço unitário", "unit price"),
            ("Fornecedor", "supplier"),
            ("Forma de pagamento", "payment method"),
            ("Data de vencimento", "due date"),
            ("Freguesia", "parish"),
        ],
    );
}

#[test]
fn a_word_of_two_languages_is_read_by_the_others_in_its_name() {
    for (name, expected) in [
        ("data_type", "data type"),
        ("data nascita", "birth date"),
        ("data nota", "date note"),
        ("customer data", "customer data"),
        ("art id", "type id"),
        ("local amount", "local amount"),
    ] {
        let name = Name::parse(name);
        assert_eq!(name.words().collect::<Vec<_>>().join(" "), expected);
    }
}

#[test]
fn catalan() {
    check(
        Language::Catalan,
        &[
            ("Data d'operació", "booking date"),
            ("Concepte", "purpose"),
            ("Data de venciment", "due date"),
            ("Cognoms", "last name"),
            ("Data de naixement", "birth date"),
            ("Codi postal", "postcode"),
            ("Preu unitari", "unit price"),
            ("Correu electrònic", "email"),
            ("Raó social", "company name"),
            ("Municipi", "municipality"),
            ("Proveïdor", "supplier"),
            ("Descripció", "description"),
        ],
    );
}

#[test]
fn swedish() {
    check(
        Language::Swedish,
        &[
            ("Bokföringsdag", "booking date"),
            ("Belopp", "amount"),
            ("Mottagare", "recipient"),
            ("Fakturanummer", "invoice number"),
            ("Förfallodatum", "due date"),
            ("Efternamn", "last name"),
            ("Kundnamn", "customer name"),
            ("Födelsedatum", "birth date"),
            ("Gatuadress", "street address"),
            ("Postnummer", "postcode"),
            ("Leveransadress", "delivery address"),
            ("Anställningsdatum", "hire date"),
            ("Ändrad datum", "update date"),
        ],
    );
}

#[test]
fn danish() {
    check(
        Language::Danish,
        &[
            ("Bogføringsdato", "booking date"),
            ("Beløb", "amount"),
            ("Modtager", "recipient"),
            ("Valørdato", "value date"),
            ("Posteringstekst", "transaction description"),
            ("Efternavn", "last name"),
            ("Fødselsdato", "birth date"),
            ("Vejnavn", "street name"),
            ("Kundenavn", "customer name"),
            ("Leveringsadresse", "delivery address"),
            ("Varenummer", "article number"),
            ("Forfaldsdato", "due date"),
            ("Oprettet dato", "create date"),
        ],
    );
}

#[test]
fn norwegian() {
    check(
        Language::Norwegian,
        &[
            ("Bokføringsdato", "booking date"),
            ("Beløp", "amount"),
            ("Mottakernavn", "recipient name"),
            ("Inn på konto", "credit"),
            ("Ut fra konto", "debit"),
            ("Etternavn", "last name"),
            ("Fødselsnummer", "national id"),
            ("Organisasjonsnummer", "company number"),
            ("Poststed", "city"),
            ("Kommunenummer", "municipality code"),
            ("Forklaring", "description"),
            ("Merknad", "remark"),
            ("Avtalenummer", "agreement number"),
        ],
    );
}

#[test]
fn finnish() {
    check(
        Language::Finnish,
        &[
            ("Kirjauspäivä", "booking date"),
            ("Saaja/Maksaja", "counterparty name"),
            ("Viitenumero", "reference number"),
            ("Määrä", "quantity"),
            ("Tilinumero", "account number"),
            ("Sukunimi", "last name"),
            ("Syntymäaika", "birth date"),
            ("Postinumero", "postcode"),
            ("Asiakasnumero", "customer number"),
            ("Laskun numero", "invoice number"),
            ("Eräpäivä", "due date"),
            ("Toimitusosoite", "delivery address"),
            ("Yksikköhinta", "unit price"),
        ],
    );
}

#[test]
fn polish() {
    check(
        Language::Polish,
        &[
            ("Data księgowania", "booking date"),
            ("Data operacji", "booking date"),
            ("Kwota operacji", "amount"),
            ("Saldo po operacji", "balance"),
            ("Numer rachunku", "account number"),
            ("Tytuł przelewu", "reference"),
            ("Imię i nazwisko", "full name"),
            ("Data urodzenia", "birth date"),
            ("Kod pocztowy", "postcode"),
            ("Cena jednostkowa", "unit price"),
            ("Numer faktury", "invoice number"),
            ("Termin płatności", "due date"),
            ("Województwo", "province"),
        ],
    );
}

#[test]
fn czech() {
    check(
        Language::Czech,
        &[
            ("Datum zaúčtování", "booking date"),
            ("Částka", "amount"),
            ("Měna", "currency"),
            ("Číslo účtu", "account number"),
            ("Název protiúčtu", "counterparty name"),
            ("Variabilní symbol", "reference"),
            ("Zpráva pro příjemce", "reference"),
            ("Příjmení", "last name"),
            ("Datum narození", "birth date"),
            ("PSČ", "postcode"),
            ("Číslo faktury", "invoice number"),
            ("Datum splatnosti", "due date"),
            ("Množství", "quantity"),
        ],
    );
}

#[test]
fn hungarian() {
    check(
        Language::Hungarian,
        &[
            ("Könyvelés dátuma", "booking date"),
            ("Összeg", "amount"),
            ("Devizanem", "currency"),
            ("Számlaszám", "account number"),
            ("Közlemény", "reference"),
            ("Partner neve", "counterparty name"),
            ("Születési dátum", "birth date"),
            ("Vezetéknév", "last name"),
            ("Irányítószám", "postcode"),
            ("Fizetési határidő", "due date"),
            ("Egységár", "unit price"),
            ("Mennyiség", "quantity"),
            ("Nyitó egyenleg", "opening balance"),
        ],
    );
}

#[test]
fn romanian() {
    check(
        Language::Romanian,
        &[
            ("Data tranzacției", "transaction date"),
            ("Sumă tranzacție", "amount transaction"),
            ("Sold final", "closing balance"),
            ("Număr cont", "account number"),
            ("Explicații", "description"),
            ("Prenume", "first name"),
            ("Data nașterii", "birth date"),
            ("Adresă, cod poștal", "address postcode"),
            ("Județ", "county"),
            ("Preț unitar", "unit price"),
            ("Data scadenței", "due date"),
            ("Furnizor", "supplier"),
        ],
    );
}

#[test]
fn turkish() {
    check(
        Language::Turkish,
        &[
            ("İşlem Tarihi", "transaction date"),
            ("Valör Tarihi", "value date"),
            ("Açıklama", "description"),
            ("Tutar", "amount"),
            ("Bakiye", "balance"),
            ("Para Birimi", "currency"),
            ("Ad Soyad", "full name"),
            ("Doğum Tarihi", "birth date"),
            ("Posta Kodu", "postcode"),
            ("Fatura No", "invoice number"),
            ("Birim Fiyat", "unit price"),
            ("Müşteri No", "customer number"),
            ("Vade Tarihi", "due date"),
        ],
    );
}

#[test]
fn english_short_forms() {
    for (header, expected) in [
        ("ADDR_ST", "street name"),
        ("ST_NUM", "house number"),
        ("HOUSENR", "house number"),
        ("PREDIR", "prefix direction"),
        ("STR_TYP", "street type"),
        ("MUNI_CD", "municipality code"),
        ("cust_fnm", "customer first name"),
        ("PT_DOB", "patient birth date"),
        ("AdmDt", "admission date"),
        ("pTNM_Stage", "pathologic tumour node metastasis stage"),
        ("vital_stat", "vital status"),
        ("aliq_id", "aliquot id"),
        ("cat_no", "catalogue number"),
        ("sci_name", "scientific name"),
        ("det_by", "identified by"),
        ("mol_wt", "molecular weight"),
        ("plnt_nm", "plant name"),
        ("netgen_mwh", "net generation megawatt hour"),
        ("inv_dt", "invoice date"),
        ("po_no", "purchase order number"),
        ("emp_hire_dt", "employee hire date"),
        ("qty_oh", "stock quantity"),
        ("lastUpdTs", "last update timestamp"),
        ("Cust No", "customer number"),
        ("custname", "customer name"),
        ("Director(s)", "director"),
        ("fechavalor", "date value"),
        ("codepostal", "code postcode"),
        ("ARTIKELNR", "article number"),
    ] {
        let name = Name::parse(header);
        let read = name.words().collect::<Vec<_>>().join(" ");
        assert_eq!(read, expected, "{header}");
    }
}

#[test]
fn words_of_english_are_not_taken_for_others() {
    for header in [
        "mileage",
        "different",
        "compact",
        "persist",
        "home",
        "import",
        "database",
        "gate number",
        "best rating",
        "personal note",
    ] {
        let name = Name::parse(header);
        let told = name.usual_terms();
        assert!(
            told.map(|term| term.origin)
                .all(|origin| origin == Origin::Plain),
            "{header}"
        );
    }
}

package businesscard

import "testing"

// unseen are cards that the rules were not made with. Whoever changes a rule because of one of them must move it to cards.
//
//nolint:misspell // words of other languages
func unseen() []printed {
	return []printed{
		{"eng", "Harrow & Finch Architects", "Thomas Finch", "Principal", []string{"9 Mill Lane", "Bath BA1 5LT"}, []string{"Telephone 01225 555 014"}, []Kind{Phone}, "tom@harrowfinch.example.com", "harrowfinch.example.com"},
		{"eng", "Redwood Pediatrics", "Michelle Tran, MD", "Pediatrician", []string{"2200 El Camino Real", "Palo Alto, CA 94306"}, []string{"Office 650.555.0161", "Fax 650.555.0162"}, []Kind{Phone, Fax}, "mtran@redwoodpeds.example.com", "www.redwoodpeds.example.com"},
		{"eng", "Maple Leaf Robotics Corp.", "Liam O'Connor", "Field Service Technician", []string{"77 King Street West", "Toronto, ON M5K 1A1", "Canada"}, []string{"Cell: 416-555-0117"}, []Kind{Mobile}, "liam.oconnor@mlrobotics.example.ca", "www.mlrobotics.example.ca"},
		{"deu", "Bäckerei Sonnenschein", "Monika Schulz", "Inhaberin", []string{"Kirchplatz 2", "35390 Gießen"}, []string{"Tel.: 0641-555012"}, []Kind{Phone}, "info@baeckerei-sonnenschein.example.de", "www.baeckerei-sonnenschein.example.de"},
		{"deu", "Rheintal Software GmbH & Co. KG", "Dipl.-Inf. Kemal Aydın", "Softwareentwickler", []string{"Technologiepark 17", "76131 Karlsruhe"}, []string{"T: +49 721 555-0170", "M: +49 160 5550170"}, []Kind{Phone, Mobile}, "kemal.aydin@rheintal.example.de", "rheintal.example.de"},
		{"fra", "Boulangerie Martin", "Paul Martin", "Artisan boulanger", []string{"3, place du Marché", "35000 Rennes"}, []string{"Téléphone 02 55 50 11 22"}, []Kind{Phone}, "contact@boulangerie-martin.example.fr", "boulangerie-martin.example.fr"},
		{"fra", "Société Générale des Eaux Vives SAS", "Nathalie Girard", "Ingénieure d'affaires", []string{"120 boulevard Haussmann", "75008 Paris"}, []string{"Fixe 01 55 50 77 88", "Mobile 07 55 50 77 88"}, []Kind{Phone, Mobile}, "ngirard@eauxvives.example.fr", "www.eauxvives.example.fr"},
		{"spa", "Grupo Andino de Inversiones", "Rodrigo Salas Pinto", "Socio", []string{"Av. Apoquindo 3000, oficina 1201", "Santiago, Chile"}, []string{"Tel. +56 2 2555 0123"}, []Kind{Phone}, "rsalas@grupoandino.example.cl", "www.grupoandino.example.cl"},
		{"spa", "Talleres Ibáñez", "Pilar Ibáñez", "Administración", []string{"Polígono Norte, nave 6", "50197 Zaragoza"}, []string{"Tel./Fax 976 555 012"}, []Kind{Fax}, "pilar@talleresibanez.example.es", "www.talleresibanez.example.es"},
		{"ita", "Farmacia Centrale", "Dott. Luca Marini", "Farmacista", []string{"Corso Italia 88", "80132 Napoli NA"}, []string{"Tel. 081 555 0123"}, []Kind{Phone}, "luca.marini@farmaciacentrale.example.it", "www.farmaciacentrale.example.it"},
		{"por", "Clínica Bem Viver", "Dra. Fernanda Lima", "Fisioterapeuta", []string{"Rua Augusta 900, sala 12", "01304-001 São Paulo - SP"}, []string{"WhatsApp: (11) 95550-4321"}, []Kind{Mobile}, "fernanda@bemviver.example.br", "www.bemviver.example.br"},
		{"nld", "Van Dijk Installatietechniek", "Joost van Dijk", "Eigenaar", []string{"Dorpsstraat 41", "5061 HK Oisterwijk"}, []string{"Mobiel 06-55501234"}, []Kind{Mobile}, "joost@vandijkinstallatie.example.nl", "www.vandijkinstallatie.example.nl"},
		{"pol", "Apteka Pod Lwem", "mgr Ewa Zielińska", "Farmaceutka", []string{"Rynek 7", "31-042 Kraków"}, []string{"tel. 12 555 01 23"}, []Kind{Phone}, "ewa@podlwem.example.pl", "www.podlwem.example.pl"},
		{"rus", "Стоматология «Улыбка»", "Ирина Васильевна Петрова", "Врач-ортодонт", []string{"Невский проспект, 100", "191025, Санкт-Петербург"}, []string{"Телефон: +7 812 555-01-23"}, []Kind{Phone}, "petrova@ulybka.example.ru", "www.ulybka.example.ru"},
	}
}

func TestFieldsOfCardsThatTheRulesWereNotMadeWithAreFoundInTheirText(t *testing.T) {
	s := newScore()
	for _, p := range unseen() {
		for _, layout := range layouts() {
			_, page := draw(t, p, layout)
			s.add(t, p, layout, &page)
		}
	}
	s.require(t, 90)
}

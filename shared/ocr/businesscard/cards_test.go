package businesscard

import (
	"fmt"
	"strings"
)

// printed is what a card of the set says. All people and companies are made up.
type printed struct {
	language string // of the engine
	company  string
	name     string
	job      string
	address  []string // lines
	numbers  []string // as printed, with their labels
	kinds    []Kind   // of the numbers
	mail     string
	web      string
}

// cards is a set of cards of the countries whose languages are packaged.
//
//nolint:misspell // words of other languages
func cards() []printed {
	return []printed{
		{"eng", "Northfield Analytics Inc.", "Sarah J. Mitchell", "Senior Data Scientist", []string{"1420 Harbor Street, Suite 300", "Portland, OR 97209"}, []string{"Phone: (503) 555-0142", "Mobile: (503) 555-0187"}, []Kind{Phone, Mobile}, "sarah.mitchell@northfield.example.com", "www.northfield.example.com"},
		{"eng", "Blue Ridge Software LLC", "DAVID OKAFOR", "Vice President, Sales", []string{"88 Summit Avenue", "Asheville, NC 28801", "USA"}, []string{"T 828.555.0110", "F 828.555.0111", "M 828.555.0199"}, []Kind{Phone, Fax, Mobile}, "dokafor@blueridge.example.com", "blueridge-software.com"},
		{"eng", "Carter & Wells", "Emily Carter", "Attorney at Law", []string{"500 Main St., Floor 12", "Boston, MA 02108"}, []string{"Tel. +1 617 555 0133", "Fax +1 617 555 0134"}, []Kind{Phone, Fax}, "ecarter@carterwells.example.com", "www.carterwells.example.com"},
		{"eng", "Thames Valley Engineering Ltd", "James Whitcombe", "Project Manager", []string{"14 Kingsway Road", "Reading RG1 4AB", "United Kingdom"}, []string{"Tel: +44 118 496 0123", "Mob: +44 7700 900123"}, []Kind{Phone, Mobile}, "j.whitcombe@tve.example.co.uk", "www.tve.example.co.uk"},
		{"eng", "The Clocktower Hotel", "Priya Raman", "Head of Marketing", []string{"3 Castle Square, Edinburgh EH1 2NG"}, []string{"t: 0131 496 0456", "m: 07700 900456"}, []Kind{Phone, Mobile}, "priya.raman@clocktower.example.com", "clocktower.example.com"},
		{"eng", "Liffey Consulting Limited", "Aoife Brennan", "Founder", []string{"27 Quay House, Dublin D02 X285", "Ireland"}, []string{"+353 1 555 0123"}, []Kind{Phone}, "aoife@liffeyconsulting.example.ie", "www.liffeyconsulting.example.ie"},
		{"deu", "Nordlicht Energie GmbH", "Dr. Katharina Weber", "Geschäftsführerin", []string{"Hafenstraße 12", "20457 Hamburg"}, []string{"Tel. +49 40 5550123", "Fax +49 40 5550199", "Mobil +49 171 5550123"}, []Kind{Phone, Fax, Mobile}, "k.weber@nordlicht-energie.example.de", "www.nordlicht-energie.example.de"},
		{"deu", "Brandt Maschinenbau AG", "Jürgen Brandt", "Leiter Vertrieb", []string{"Industriestr. 45", "70565 Stuttgart", "Deutschland"}, []string{"Telefon: 0711 / 555 01-23", "Telefax: 0711 / 555 01-99"}, []Kind{Phone, Fax}, "juergen.brandt@brandt-maschinen.example.de", "brandt-maschinen.example.de"},
		{"deu", "Kanzlei Hofmann & Partner", "Sabine Hofmann", "Rechtsanwältin", []string{"Am Markt 3, 04109 Leipzig"}, []string{"Fon 0341 5550177", "Fax 0341 5550178"}, []Kind{Phone, Fax}, "hofmann@kanzlei-hofmann.example.de", "www.kanzlei-hofmann.example.de"},
		{"deu", "Alpenblick Tourismus KG", "Mag. Stefan Gruber", "Projektleiter Marketing", []string{"Maria-Theresien-Straße 8", "A-6020 Innsbruck"}, []string{"T +43 512 555 0123", "M +43 664 555 0123"}, []Kind{Phone, Mobile}, "s.gruber@alpenblick.example.at", "www.alpenblick.example.at"},
		{"deu", "Zürcher Präzisionstechnik AG", "Urs Zimmermann", "Entwicklungsingenieur", []string{"Bahnhofstrasse 21", "8001 Zürich", "Schweiz"}, []string{"Direkt +41 44 555 01 23", "Mobile +41 79 555 01 23"}, []Kind{Phone, Mobile}, "urs.zimmermann@zpt.example.ch", "www.zpt.example.ch"},
		{"fra", "Atelier Lumière SARL", "Claire Fontaine", "Directrice artistique", []string{"18 rue des Lilas", "69003 Lyon"}, []string{"Tél. : 04 55 50 12 34", "Port. : 06 55 50 12 34"}, []Kind{Phone, Mobile}, "claire.fontaine@atelier-lumiere.example.fr", "www.atelier-lumiere.example.fr"},
		{"fra", "Groupe Maréchal", "Antoine LEFEBVRE", "Responsable commercial", []string{"42 avenue de la République", "75011 Paris", "France"}, []string{"Tél. +33 1 55 50 12 34", "Fax +33 1 55 50 12 35"}, []Kind{Phone, Fax}, "a.lefebvre@groupe-marechal.example.fr", "www.groupe-marechal.example.fr"},
		{"fra", "Cabinet Dubois", "Marie-Hélène Dubois", "Avocate à la Cour", []string{"7 place Bellecour, 69002 Lyon"}, []string{"Tél. 04 55 50 98 76"}, []Kind{Phone}, "mh.dubois@cabinet-dubois.example.fr", "www.cabinet-dubois.example.fr"},
		{"fra", "Meuse Logistique S.A.", "Luc Vandenberghe", "Chargé de clientèle", []string{"Quai de la Batte 10", "4000 Liège", "Belgique"}, []string{"Tél. +32 4 555 01 23", "GSM +32 475 55 01 23"}, []Kind{Phone, Mobile}, "luc.vandenberghe@meuse-logistique.example.be", "www.meuse-logistique.example.be"},
		{"spa", "Construcciones Alborada S.L.", "María Fernández Ruiz", "Directora Comercial", []string{"Calle de Alcalá 120, 3º", "28009 Madrid"}, []string{"Tel. +34 91 555 01 23", "Móvil +34 655 501 234"}, []Kind{Phone, Mobile}, "maria.fernandez@alborada.example.es", "www.alborada.example.es"},
		{"spa", "Bodegas Monteluz S.A.", "Javier Ortega", "Gerente de Exportación", []string{"Avda. de la Rioja 15", "26001 Logroño", "España"}, []string{"Tfno. 941 555 012", "Fax 941 555 013"}, []Kind{Phone, Fax}, "jortega@monteluz.example.es", "www.monteluz.example.es"},
		{"spa", "Clínica San Telmo", "Dra. Lucía Paredes", "Médica Directora", []string{"Paseo Marítimo 4, 29016 Málaga"}, []string{"Teléfono: 952 555 012"}, []Kind{Phone}, "lparedes@santelmo.example.es", "www.santelmo.example.es"},
		{"spa", "Ingenieros del Valle", "Carlos Mendoza Vega", "Ingeniero Civil", []string{"Av. Insurgentes Sur 1020", "03100 Ciudad de México", "México"}, []string{"Tel. +52 55 5550 1234", "Cel. +52 55 5550 9876"}, []Kind{Phone, Mobile}, "cmendoza@ingvalle.example.mx", "www.ingvalle.example.mx"},
		{"ita", "Officine Belmonte S.r.l.", "Marco Bianchi", "Direttore Tecnico", []string{"Via Garibaldi 24", "10122 Torino (TO)"}, []string{"Tel. +39 011 555 0123", "Cell. +39 335 555 0123"}, []Kind{Phone, Mobile}, "m.bianchi@belmonte.example.it", "www.belmonte.example.it"},
		{"ita", "Studio Legale Ferri", "Avv. Giulia Ferri", "Avvocato", []string{"Piazza Cavour 7, 20121 Milano"}, []string{"Tel. 02 5550 1234", "Fax 02 5550 1235"}, []Kind{Phone, Fax}, "giulia.ferri@studioferri.example.it", "www.studioferri.example.it"},
		{"ita", "Cantina Verdesole S.p.A.", "Alessandro Romano", "Responsabile Vendite", []string{"Viale dei Colli 9", "53100 Siena", "Italia"}, []string{"Telefono +39 0577 555 012"}, []Kind{Phone}, "a.romano@verdesole.example.it", "www.verdesole.example.it"},
		{"por", "Horizonte Tecnologia Ltda.", "Ana Beatriz Souza", "Gerente de Projetos", []string{"Avenida Paulista 1500, 10º andar", "01310-100 São Paulo"}, []string{"Tel. +55 11 5550-1234", "Cel. +55 11 95550-1234"}, []Kind{Phone, Mobile}, "ana.souza@horizonte.example.br", "www.horizonte.example.br"},
		{"por", "Cortiça do Sado, Lda.", "Rui Tavares", "Diretor Comercial", []string{"Rua das Flores 33", "4050-265 Porto", "Portugal"}, []string{"Telefone: +351 22 555 0123", "Telemóvel: +351 91 555 0123"}, []Kind{Phone, Mobile}, "rui.tavares@corticasado.example.pt", "www.corticasado.example.pt"},
		{"nld", "Waterland Techniek B.V.", "Pieter van den Berg", "Projectleider", []string{"Keizersgracht 215", "1016 DT Amsterdam"}, []string{"T +31 20 555 0123", "M +31 6 5550 1234"}, []Kind{Phone, Mobile}, "p.vandenberg@waterland.example.nl", "www.waterland.example.nl"},
		{"nld", "De Linde Accountants", "Sanne Jansen", "Adviseur", []string{"Stationsplein 4, 3511 ED Utrecht", "Nederland"}, []string{"Telefoon 030 555 0123"}, []Kind{Phone}, "sanne.jansen@delinde.example.nl", "www.delinde.example.nl"},
		{"pol", "Bursztyn Sp. z o.o.", "Agnieszka Kowalska", "Kierownik Sprzedaży", []string{"ul. Długa 15/3", "80-827 Gdańsk"}, []string{"tel. +48 58 555 01 23", "kom. +48 601 555 012"}, []Kind{Phone, Mobile}, "agnieszka.kowalska@bursztyn.example.pl", "www.bursztyn.example.pl"},
		{"pol", "Kancelaria Nowak", "Tomasz Nowak", "Radca prawny", []string{"al. Jerozolimskie 100, 00-807 Warszawa"}, []string{"tel. 22 555 01 23", "fax 22 555 01 24"}, []Kind{Phone, Fax}, "t.nowak@kancelaria-nowak.example.pl", "www.kancelaria-nowak.example.pl"},
		{"rus", "ООО «Северный Ветер»", "Анна Соколова", "Коммерческий директор", []string{"ул. Лесная, д. 5, офис 210", "125047, Москва, Россия"}, []string{"Тел.: +7 (495) 555-01-23", "Моб.: +7 (903) 555-01-23"}, []Kind{Phone, Mobile}, "a.sokolova@severveter.example.ru", "www.severveter.example.ru"},
		{"rus", "АО «Волга Машины»", "Дмитрий Орлов", "Главный инженер", []string{"наб. Волжская, д. 18", "603001, г. Нижний Новгород"}, []string{"тел. (831) 555-01-23", "факс (831) 555-01-24"}, []Kind{Phone, Fax}, "orlov@volgamash.example.ru", "www.volgamash.example.ru"},
	}
}

// placedText is a text on a card.
type placedText struct {
	text string
	x, y int     // of its beginning and its baseline, in pixels
	size float64 // points
	bold bool
	fit  float64 // part of its width that lies to the left of x: 0, 0.5 or 1
}

// The size of cards in pixels, 85 by 55 mm.
const (
	cardDPI    = 300
	cardWidth  = 1004
	cardHeight = 650
)

// layouts lists ways to lay a card out.
func layouts() []string { return []string{"left", "centred", "columns", "inline"} }

// laid places the texts of a card.
func laid(p printed, layout string) []placedText {
	var all []placedText
	add := func(x, y int, size float64, bold bool, fit float64, texts ...string) int {
		for _, s := range texts {
			if s == "" {
				continue
			}
			all = append(all, placedText{s, x, y, size, bold, fit})
			y += int(size*cardDPI/72*1.35) + 1
		}
		return y
	}
	contacts := append(append([]string{}, p.numbers...), p.mail, p.web)
	switch layout {
	case "centred":
		y := add(cardWidth/2, 90, 11, true, 0.5, p.name)
		y = add(cardWidth/2, y, 7, false, 0.5, p.job)
		y = add(cardWidth/2, y+20, 9, true, 0.5, p.company)
		y = add(cardWidth/2, y+15, 6.5, false, 0.5, p.address...)
		add(cardWidth/2, y, 6.5, false, 0.5, contacts...)
	case "columns":
		y := add(50, 100, 10, true, 0, p.name)
		add(50, y, 6.5, false, 0, p.job)
		add(50, 560, 8.5, true, 0, p.company)
		y = add(cardWidth-50, 250, 6, false, 1, p.address...)
		add(cardWidth-50, y+20, 6, false, 1, contacts...)
	case "inline":
		y := add(60, 90, 10, true, 0, p.company)
		y = add(60, y+60, 9, false, 0, p.name)
		add(60, y, 7, false, 0, p.job)
		y = add(60, 470, 6.5, false, 0, strings.Join(p.address, ", "))
		y = add(60, y, 6.5, false, 0, strings.Join(p.numbers, " | "))
		add(60, y, 6.5, false, 0, p.mail+"  |  "+p.web)
	default:
		y := add(60, 100, 11, true, 0, p.company)
		y = add(60, y+40, 9.5, true, 0, p.name)
		y = add(60, y, 7, false, 0, p.job)
		y = add(60, y+25, 6.5, false, 0, p.address...)
		add(60, y, 6.5, false, 0, contacts...)
	}
	return all
}

// truth lists what a card says, normal.
func (p *printed) truth() []string {
	all := []string{
		normal(Company, p.company), normal(Name, p.name), normal(Job, p.job), normal(Address, strings.Join(p.address, "")), normal(Email, p.mail), normal(Web, p.web),
	}
	for i, n := range p.numbers {
		all = append(all, normal(p.kinds[i], n))
	}
	return all
}

// normal writes a field so that what means the same is equal.
func normal(k Kind, value string) string {
	switch k {
	case Phone, Fax, Mobile:
		value = digitsOf(value)
	case Email, Web:
		value = strings.ToLower(value)
	default:
		value = plain(value)
	}
	return fmt.Sprint(k, " ", value)
}

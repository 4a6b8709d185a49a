package language

// frequent are words that texts of a language use all the time, without accents: they may have been read with the data of
// another language, which loses them. Words that languages share count less, by how many of them do.
func frequent(code string) string {
	switch code {
	case "eng":
		return "the of and to in is that for it was on are as with be by at this have from or not you which but were their they has an will would there been we can all your our if any may shall"
	case "deu", "frk", "deu_latf":
		return "der die und das den von zu mit sich des auf fur ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem uber einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei kann ihre wenn ich ihr unter"
	case "fra":
		return "de la le et les des en un une du que est pour qui dans par plus pas au sur ne se ce il sont la avec son ou ses mais comme cette aux sa elle nous vous etre deux leur ont tout bien ete fait si je leurs meme"
	case "spa":
		return "de la que el en y los se del las un por con una su para es al lo como mas o pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos tambien fue habia era muy anos hasta desde mi porque han"
	case "ita":
		return "di e che la il un a per in una del si della non con i da dei al le sono nel alla gli piu delle dal lo anche ha come ma ed o essere se questo stato suo due sua era nella ai degli ad sul loro cui dalla quale perche tra questa"
	case "por":
		return "de a o que e do da em um para com nao uma os no se na por mais as dos como mas ao ele das seu sua ou quando muito nos ja tambem so pelo pela ate isso ela entre depois sem mesmo aos seus foi sao ser esta tem pode"
	case "nld":
		return "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij of uit nog worden door naar heeft hij ze wordt over tot je mijn deze wat werd geen haar was zich hun wel kan onder ik zou moet meer"
	case "pol":
		return "i w na z do sie nie jest ze to o jak za od po a co przez dla tak by ale czy ich tym byl oraz jego juz tylko jej ma ktory ktore ktora moze jako lub przed przy pod ze roku byc go te tego"
	case "swe":
		return "och i att det som en pa ar av for med till den har de inte om ett men var jag sig fran vi sa kan nar han skulle eller ut upp efter vid hade mot dar nu vad alla bara under mycket hon ska detta"
	case "dan":
		return "og i at det er en til af pa som med for den der ikke de et har jeg kan var han om men fra vi sig eller vil ved ud efter blev skal hun nu hvor nar mod op over selv havde alle kun mere ogsa"
	case "nor":
		return "og i det er pa som en til av at for med har de ikke den om et jeg var fra men kan han vi seg eller vil ved ut etter ble skal hun na hvor nar mot opp over selv hadde alle bare mer ogsa sa"
	case "fin":
		return "ja on ei se etta oli hän ovat mutta joka kun myos niin tai jos han ole sen kuin voi mita nyt hanen olla sita siita sitten vain jo mukaan ollut tama kanssa jotka"
	case "ces":
		return "a se v na je ze s z do i o k ve to jako za by byl ale si po jsou pro podle od jeho jsem nebo uz jen jeste ktery ktere ktera ze pri tak az bylo byla bude tim jejich"
	case "hun":
		return "a az es hogy nem is egy de ez meg csak volt mint mar van el kell majd ha vagy sem ki mert lehet azt ezt ami fel meg minden le be akkor utan itt ott szerint"
	case "ron":
		return "de si in a la cu nu ca pe o din un este mai sa care pentru se sau fi au prin dar fost lui sunt al cel ce ar acest dupa intre numai avea cand pana"
	case "tur":
		return "ve bir bu da de icin ile olarak cok daha o ne olan gibi kadar sonra en ancak var her ya ki degil ise olan tarafindan uzere olarak yeni iki"
	case "cat":
		return "de la i el que a en les els un per es una amb del al no ha son com mes seu va dels aquest tambe o pel seva han ser aixo quan"
	case "hrv":
		return "i u je se na da za od su s a o ne kao koji iz te bi to ili ali do koja koje sto po bio samo jos kako sve biti nije bila"
	case "rus":
		return "и в не на я что с он как это по но они к у из за то мы от же для так о было или его все бы был еще при до если только уже также под их во со быть может"
	case "ukr":
		return "і в не на що з у та це до як за від є й про але по його для так він або ми був було бути має із при вони також щоб який"
	case "bul":
		return "и на в да се не за от с е че са по като са той това до но към или си което които при който през беше ще му още един"
	case "hin":
		return "के में की है और से को का एक यह पर ने भी हैं था कि कर नहीं तो हो जो"
	case "mar":
		return "आहे आणि या च्या ते हे मध्ये व तो ही होते आहेत एक की नाही"
	case "nep":
		return "छ र को मा का गर्न पनि यो हो भएको छन् लागि"
	default:
		return ""
	}
}

// letters are those that tell a language from its neighbours that have the same script.
func letters(code string) string {
	switch code {
	case "rus":
		return "ыэё"
	case "ukr":
		return "іїєґ"
	case "bel":
		return "ўі"
	case "srp", "hrv_cyrl":
		return "ђјљњћџ"
	case "mkd":
		return "ѓќѕјљњ"
	case "fas":
		return "پچژگی"
	case "urd":
		return "ٹڈڑںےہ"
	case "ara":
		return "ةىيإأ"
	case "chi_sim":
		return "这国说时为们来对会么个过学发经实现进动还点业长书东门问车马龙"
	case "chi_tra":
		return "這國說時為們來對會麼個過學發經實現進動還點業長書東門問車馬龍"
	case "jpn":
		return "のにはをがたでてとしれさいまるなすありこもか"
	case "deu", "frk", "deu_latf":
		return "äöüß"
	case "fra":
		return "éèêçàœ"
	case "spa":
		return "ñ¿¡áíóú"
	case "por":
		return "ãõçáé"
	case "pol":
		return "łąęśżźćń"
	case "swe":
		return "åäö"
	case "dan", "nor":
		return "æøå"
	case "ces":
		return "řěůžšč"
	case "hun":
		return "őűáé"
	case "ron":
		return "șțăâî"
	case "tur":
		return "ğışç"
	case "ita":
		return "àèìòù"
	}
	return ""
}
